import { measuredFilter } from './measured-filter.ts';
import { codePoints } from './text-length.ts';
import type { Filter } from './types.ts';

const PARAGRAPHS = 3;

function thirdLongestLine(text: string): number {
  const longest = [0, 0, 0];
  for (const line of text.split('\n')) {
    longest.push(codePoints(line));
    longest.sort((a, b) => b - a).length = PARAGRAPHS;
  }
  return longest[PARAGRAPHS - 1] as number;
}

/**
 * The paragraph rule of mC4: at least three lines of 200 code points or more, which is to say that the third longest line has
 * as many. Lines end at `\n` only. Xue et al. 2021, section 3. https://arxiv.org/abs/2010.11934
 *
 * @example
 * ```ts
 * import { c4Paragraph } from '@llm/data-quality';
 * const line = 'word '.repeat(40);
 * console.assert(c4Paragraph().check({ id: 'a', text: `${line}\n${line}\n${line}` }).keep);
 * console.assert(!c4Paragraph().check({ id: 'b', text: `${line}\n${line}` }).keep);
 * ```
 */
export function c4Paragraph(): Filter {
  const rule = { reason: '< 3 paragraphs', threshold: 200, comparison: 'min' } as const;
  return measuredFilter('c4Paragraph', { statistics: ({ text }) => thirdLongestLine(text), rules: [[rule, (third) => third]] });
}

import { codePoints } from './text-length.ts';
import type { Filter } from './types.ts';

const PARAGRAPHS = 3;

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
  return {
    name: 'c4Paragraph',
    rules: [rule],
    check: ({ text }) => {
      const longest = [0, 0, 0];
      for (const line of text.split('\n')) {
        longest.push(codePoints(line));
        longest.sort((a, b) => b - a).length = PARAGRAPHS;
      }
      const measured = longest[PARAGRAPHS - 1] as number;
      return measured < rule.threshold ? { keep: false, ...rule, measured } : { keep: true };
    },
  };
}

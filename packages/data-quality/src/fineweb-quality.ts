import { optionalRule } from './broken-rule.ts';
import { countEnglishWords, englishWords } from './english-words.ts';
import { measuredFilter } from './measured-filter.ts';
import { newlineLines, pointsBetween } from './newline-lines.ts';
import { isBlank } from './python-text.ts';
import { endsWithSentenceEnd } from './sentence-ends.ts';
import type { Filter, Rule } from './types.ts';

/** Each threshold may be null, which switches its rule off. */
export interface FinewebQualityOptions {
  /** Smallest share of lines that end in a mark that ends sentences. Default 0.12. */
  readonly linePunctThreshold?: number | null;
  /** A text in which no line at all does so passes that rule. Default false. */
  readonly linePunctExcludeZero?: boolean;
  /** What counts as such a mark. Default: those of 60 scripts. */
  readonly stopChars?: readonly string[];
  /** Largest share of short lines. Default 0.67. */
  readonly shortLineThreshold?: number | null;
  /** Most code points of a short line. Default 30. */
  readonly shortLineLength?: number;
  /** Largest share of characters in lines that came before. Default 0.01. */
  readonly charDuplicatesRatio?: number | null;
  /** Most line feeds for each word. Default 0.3. */
  readonly newLineRatio?: number | null;
  /** Splits a text into words. Default `englishWords`. */
  readonly words?: (text: string) => readonly string[];
}

/**
 * The quality rules that FineWeb adds to those of Gopher and C4. The first that fails decides, in this order (lines end at
 * `\n`, lines of white space do not count, lengths are code points):
 *
 *   empty              at least one line
 *   line_punct_ratio   lines that end in a terminal mark / lines ≥ 0.12
 *   short_line_ratio   lines of at most 30 code points / lines ≤ 0.67
 *   char_dup_ratio     code points of lines that came before / code points of the text without `\n` ≤ 0.01
 *   list_ratio         `\n` / words ≤ 0.3
 *
 * Reasons, order and arithmetic are those of datatrove. Penedo et al. 2024, section 3.6. https://arxiv.org/abs/2406.17557
 *
 * @example
 * ```ts
 * import { finewebQuality } from '@llm/data-quality';
 * const verdict = finewebQuality().check({ id: 'a', text: 'Home\nAbout us\nContact' });
 * console.assert(!verdict.keep && verdict.reason === 'line_punct_ratio' && verdict.measured === 0);
 * ```
 */
export function finewebQuality(options: FinewebQualityOptions = {}): Filter {
  const { linePunctThreshold = 0.12, linePunctExcludeZero = false, stopChars, shortLineThreshold = 0.67, shortLineLength = 30, charDuplicatesRatio = 0.01, newLineRatio = 0.3, words = englishWords } = options;
  const empty: Rule = { reason: 'empty', threshold: 1, comparison: 'min' };
  const punct = optionalRule('line_punct_ratio', 'min', linePunctThreshold);
  const short = optionalRule('short_line_ratio', 'max', shortLineThreshold);
  const duplicate = optionalRule('char_dup_ratio', 'max', charDuplicatesRatio);
  const list = optionalRule('list_ratio', 'max', newLineRatio);


  return measuredFilter('finewebQuality', {
    statistics: ({ text }) => {
      const table = newlineLines(text);
      const { starts, ends, again } = table;
      let lines = 0, ended = 0, shorts = 0, repeated = 0;
      for (let i = 0; i < starts.length; i++) {
        const start = starts[i] as number, end = ends[i] as number;
        if (isBlank(text, { start, end })) continue;
        lines++;
        const size = pointsBetween(table, { start, end });
        if (stopChars ? stopChars.some((char) => text.slice(start, end).endsWith(char)) : endsWithSentenceEnd(text, { start, end })) ended++;
        if (size <= shortLineLength) shorts++;
        if (again[i]) repeated += size;
      }
      const breaks = starts.length - 1;
      return { text, lines, ended, shorts, repeated, breaks, characters: table.characters - breaks };
    },
    rules: [
      [empty, ({ lines }) => lines],
      // NaN meets the rule.
      [punct, ({ ended, lines }) => (ended === 0 && linePunctExcludeZero ? Number.NaN : ended / lines)],
      [short, ({ shorts, lines }) => shorts / lines],
      [duplicate, ({ repeated, characters }) => repeated / characters],
      [list, ({ text, breaks }) => breaks / (words === englishWords ? countEnglishWords(text) : words(text).length)],
    ],
  });
}

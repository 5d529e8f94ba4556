import { optionalRule } from './broken-rule.ts';
import { commentLength, commentStyleOf, type CommentStyle } from './code-comments.ts';
import { lazy, measuredFilter } from './measured-filter.ts';
import { codePoints } from './text-length.ts';
import { countOf } from './python-text.ts';
import type { Document, Filter } from './types.ts';

/** Each threshold may be null, which switches its rule off. */
export interface CodeFilterOptions {
  /** Fewest lines. Default 10. */
  readonly minLines?: number | null;
  /** Default 20 000. */
  readonly maxLines?: number | null;
  /** Smallest share of letters. Default 0.25. */
  readonly minAlphaRatio?: number | null;
  /** Smallest share of what comments say. Default 0.01. */
  readonly minCommentRatio?: number | null;
  /** Default 0.85. */
  readonly maxCommentRatio?: number | null;
  /** Default: by the ending of `source` or else the id; files of an unknown one are not looked at for comments. */
  readonly commentStyle?: (document: Document) => CommentStyle;
  /** Counts tokens; without it the next rule is off. */
  readonly countTokens?: (text: string) => number;
  /** Fewest characters for each token. Default 2.5. */
  readonly minFertility?: number | null;
}

const XML_WITHIN = 100;

/**
 * Drops source files that are hardly code: the first rule that fails decides (characters are code points):
 *
 *   xml_header              no `<?xml version=` in the first 100 characters
 *   num_lines_low, _high    10 ≤ `\n` + 1 ≤ 20 000
 *   alpha_filter            letters / characters ≥ 0.25: tables of numbers and data in text
 *   comment_ratio_low, _high   0.01 ≤ characters in comments / characters ≤ 0.85
 *   tokenizer_fertility     characters / tokens ≥ 2.5, where a tokenizer is passed
 *
 * Names and thresholds are those of NeMo Curator, which follows StarCoder (Li et al. 2023, https://arxiv.org/abs/2305.06161).
 * Comments are found by a scanner of our own for C-like languages, Python and `#` languages, which knows strings but not
 * regular expressions or nested comments, so a ratio may differ a little from that of a parser.
 *
 * @example
 * ```ts
 * import { codeFilter } from '@llm/data-quality';
 * const lines = Array.from({ length: 12 }, (_, i) => `const value${i} = compute(${i}); // the next value`);
 * console.assert(codeFilter().check({ id: 'a.ts', text: lines.join('\n') }).keep);
 * const verdict = codeFilter().check({ id: 'b.ts', text: '1,2,3,4\n'.repeat(20) });
 * console.assert(!verdict.keep && verdict.reason === 'alpha_filter');
 * ```
 */
export function codeFilter(options: CodeFilterOptions = {}): Filter {
  const { minLines = 10, maxLines = 20_000, minAlphaRatio = 0.25, minCommentRatio = 0.01, maxCommentRatio = 0.85, commentStyle = ({ id, source }) => commentStyleOf(source ?? id), countTokens, minFertility = 2.5 } = options;
  const xml = optionalRule('xml_header', 'max', 0);
  const fewLines = optionalRule('num_lines_low', 'min', minLines);
  const manyLines = optionalRule('num_lines_high', 'max', maxLines);
  const alpha = optionalRule('alpha_filter', 'min', minAlphaRatio);
  const fewComments = optionalRule('comment_ratio_low', 'min', minCommentRatio);
  const manyComments = optionalRule('comment_ratio_high', 'max', maxCommentRatio);
  const fertility = optionalRule('tokenizer_fertility', 'min', countTokens ? minFertility : null);
  return measuredFilter('codeFilter', {
    statistics: (document) => {
      const { text } = document;
      const style = commentStyle(document);
      return {
        text,
        size: lazy(() => codePoints(text)),
        lines: lazy(() => countOf(text, '\n') + 1),
        comments: lazy(() => (style === 'none' ? Number.NaN : commentLength(text, style) / text.length)),
      };
    },
    rules: [
      [xml, ({ text }) => (text.slice(0, XML_WITHIN).includes('<?xml version=') ? 1 : 0)],
      [fewLines, ({ lines }) => lines()],
      [manyLines, ({ lines }) => lines()],
      [alpha, ({ text, size }) => (size() - codePoints(text.replace(/\p{Alphabetic}+/gu, ''))) / size()],
      [fewComments, ({ comments }) => comments()],
      [manyComments, ({ comments }) => comments()],
      [fertility, ({ text, size }) => size() / (countTokens?.(text) ?? Number.NaN)],
    ],
  });
}

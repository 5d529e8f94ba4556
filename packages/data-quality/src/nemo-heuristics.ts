import { measuredFilter } from './measured-filter.ts';
import { nemoScores, type NemoScore, type NemoScoreOptions } from './nemo-scores.ts';
import type { Comparison, Filter, Rule } from './types.ts';

/** The smallest and the largest value that passes; null for no bound. */
export interface NemoBounds {
  readonly min?: number | null;
  readonly max?: number | null;
}

export interface NemoHeuristicsOptions extends NemoScoreOptions {
  /** Bounds other than the defaults; `{}` switches a rule off. */
  readonly bounds?: Partial<Record<NemoScore, NemoBounds>>;
}

const DEFAULTS: Record<NemoScore, NemoBounds> = {
  alpha_numeric: { max: 0.25 },
  symbol_to_word: { max: 0.1 },
  numbers_ratio: { max: 0.15 },
  urls_ratio: { max: 0.2 },
  bullet_ratio: { max: 0.9 },
  white_space: { max: 0.25 },
  parentheses_ratio: { max: 0.1 },
  max_word_length: { max: 1000 },
  word_count: { min: 50, max: 100_000 },
  boilerplate_string_ratio: { max: 0.4 },
  mean_word_length: { min: 3, max: 10 },
  punctuation: { max: 0.85 },
  ellipsis: { max: 0.3 },
  common_english_words: { min: 2 },
  words_without_alphabets: { min: 0.8 },
  repeated_lines: { min: 0.7 },
  repeated_paragraphs: { min: 0.7 },
  repeated_lines_char: { min: 0.8 },
  repeated_paragraphs_char: { min: 0.8 },
};

/**
 * The heuristics of NVIDIA's NeMo Curator: what characters, words, lines and paragraphs a text is made of, and how many of
 * them come again. The first that fails decides, in this order (lines of white space do not count; words end at white space):
 *
 *   of all characters: not a letter, digit, `\n` or `?!,.` ≤ 0.25 (`alpha_numeric`), digits ≤ 0.15, in addresses ≤ 0.2,
 *   white space ≤ 0.25, brackets ≤ 0.1; of words: `#` or ellipsis ≤ 0.1, with a letter ≥ 0.8; of lines: bullets ≤ 0.9,
 *   without end mark ≤ 0.85, ellipsis at the end ≤ 0.3, different ≥ 0.7; of paragraphs: boilerplate ≤ 0.4, different ≥ 0.7;
 *   of characters in lines and in paragraphs: in different ones ≥ 0.8; words 50 … 100 000, of 3 … 10 in the mean, the longest
 *   ≤ 1000; common English words ≥ 2
 *
 * Reasons are Curator's names of the rules, with `_low` or `_high` where there are two bounds; scores are those of version 1.4.
 * Left out: three whole cookie banners in its list of phrases, and n-grams, which `gopherRepetition` looks at.
 *
 * @example
 * ```ts
 * import { nemoHeuristics } from '@llm/data-quality';
 * const verdict = nemoHeuristics().check({ id: 'a', text: '12345 67890' });
 * console.assert(!verdict.keep && verdict.reason === 'numbers_ratio' && verdict.measured === 10 / 11);
 * ```
 */
export function nemoHeuristics({ bounds = {}, ...scoring }: NemoHeuristicsOptions = {}): Filter {
  const rules = (Object.keys(DEFAULTS) as NemoScore[]).flatMap((score) => {
    const { min = null, max = null } = bounds[score] ?? DEFAULTS[score];
    const rule = (comparison: Comparison, threshold: number | null): { score: NemoScore; rule: Rule }[] => {
      if (threshold === null) return [];
      const suffix = min === null || max === null ? '' : comparison === 'min' ? '_low' : '_high';
      return [{ score, rule: { reason: score + suffix, threshold, comparison } }];
    };
    return [...rule('min', min), ...rule('max', max)];
  });
  return measuredFilter('nemoHeuristics', {
    statistics: ({ text }) => nemoScores(text, scoring),
    rules: rules.map(({ score, rule }) => [rule, (scores: Record<NemoScore, () => number>) => scores[score]()] as const),
  });
}

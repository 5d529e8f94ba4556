import { exactDedup, type Filter, gopherQuality, gopherRepetition } from '@llm/data-quality';

/** A named set of filters; `relaxed` says where it departs from the published thresholds, and why. */
export interface FilterSet {
  readonly name: string;
  readonly description: string;
  readonly relaxed: readonly { readonly rule: string; readonly published: string; readonly used: string; readonly why: string }[];
  /** Whether of the same text only the first is kept. */
  readonly dedup: boolean;
  /** Without deduplication. */
  readonly rules: () => Filter[];
  /** For one pass over all documents, made anew for each run: deduplication remembers. */
  readonly filters: () => Filter[];
}

const filterSet = (set: Omit<FilterSet, 'filters'>): FilterSet => ({ ...set, filters: () => [...(set.dedup ? [exactDedup()] : []), ...set.rules()] });

/** Gopher's rules as published, for prose. */
export const gopher: FilterSet = filterSet({
  name: 'gopher',
  description: "Gopher's quality and repetition rules as published, then exact deduplication; for prose",
  relaxed: [],
  dedup: true,
  rules: () => [gopherQuality(), gopherRepetition()],
});

/**
 * Gopher's rules with room for technical text. As published they keep 13 of 3,905 files of such documentation: code splits
 * into words that are mostly punctuation, and declarations repeat by design.
 */
export const documentation: FilterSet = filterSet({
  name: 'documentation',
  description: "Gopher's rules relaxed for technical text, and exact deduplication",
  relaxed: [
    { rule: 'share of words with a letter', published: '≥ 0.8', used: '≥ 0.5', why: 'brackets and operators of code count as words' },
    { rule: 'mean word length', published: '≤ 10', used: '≤ 12', why: 'identifiers are longer than English words' },
    { rule: 'repeated lines', published: '≤ 0.3 (characters 0.2)', used: '≤ 0.5 (characters 0.3)', why: 'closing braces and comment marks repeat' },
    { rule: 'repeated paragraphs', published: '≤ 0.3 (characters 0.2)', used: '≤ 0.3 (characters 0.3)', why: 'examples repeat with small changes' },
    { rule: 'most frequent 2-, 3-, 4-gram', published: '≤ 0.2, 0.18, 0.16', used: '≤ 0.25 each', why: 'declarations begin alike' },
    { rule: 'repeated 5- to 10-grams', published: '≤ 0.15 … 0.1', used: '5-grams ≤ 0.45, 10-grams ≤ 0.35', why: 'overloads repeat their signatures' },
  ],
  dedup: true,
  rules: () => [
    gopherQuality({ minAlphaWordsRatio: 0.5, maxAvgWordLength: 12 }),
    gopherRepetition({
      dupLineFrac: 0.5, dupLineCharFrac: 0.3, dupParaCharFrac: 0.3,
      topNGrams: [[2, 0.25], [3, 0.25], [4, 0.25]], dupNGrams: [[5, 0.45], [10, 0.35]],
    }),
  ],
});

/** Everything that can be read. */
export const none: FilterSet = filterSet({ name: 'none', description: 'no filter and no deduplication', relaxed: [], dedup: false, rules: () => [] });

/** By the name that is typed. */
export const FILTER_SETS: Readonly<Record<string, FilterSet>> = { documentation, gopher, none };

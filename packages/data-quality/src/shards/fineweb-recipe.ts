import { finewebFilters, type FinewebFiltersOptions } from '../fineweb-filters.ts';
import { languageFilter } from '../language/language-filter.ts';
import { createFastMinhash } from '../minhash/fast-minhash.ts';
import { piiFormatter, type PiiFormatterOptions } from '../pii/pii-formatter.ts';
import { nearAcross } from './near-across.ts';
import { filter, type Recipe } from './step.ts';

export interface FinewebRecipeOptions extends Omit<FinewebFiltersOptions, 'language'> {
  /** Languages to keep. Default English alone; an empty list keeps any and writes no language into meta. */
  readonly languages?: readonly string[];
  /** Least score of the language. Default 0.65. */
  readonly minScore?: number;
  /** Signatures by one permutation instead of FineWeb's own. */
  readonly fastMinhash?: boolean;
  readonly pii?: PiiFormatterOptions;
}

/**
 * What FineWeb does, in its order: addresses (where lists are given), language, Gopher's repetition and quality, C4's quality, its own
 * rules, near duplicates across all shards, e-mail and IP addresses replaced. Languages are told apart by `identifyLanguage`, not by
 * fastText. Penedo et al. 2024. https://arxiv.org/abs/2406.17557
 *
 * @example
 * ```ts
 * import { finewebRecipe } from '@llm/data-quality';
 * const names = finewebRecipe().map((step) => ('filter' in step ? step.filter.name : step.name));
 * console.assert(names.join() === 'languageFilter,gopherRepetition,gopherQuality,c4Quality,finewebQuality,nearDuplicates,piiFormatter');
 * ```
 */
export function finewebRecipe({ languages = ['en'], minScore, fastMinhash = false, pii, ...filters }: FinewebRecipeOptions = {}): Recipe {
  const language = languageFilter({ languages, ...(minScore === undefined ? {} : { minScore }) });
  return [
    ...finewebFilters({ ...filters, ...(languages.length === 0 ? {} : { language }) }).map(filter),
    fastMinhash ? nearAcross(createFastMinhash()) : nearAcross(),
    filter(piiFormatter(pii)),
  ];
}

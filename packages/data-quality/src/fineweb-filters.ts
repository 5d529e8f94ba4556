import { c4Quality, type C4QualityOptions } from './c4-quality.ts';
import { finewebQuality, type FinewebQualityOptions } from './fineweb-quality.ts';
import { gopherQuality, type GopherQualityOptions } from './gopher-quality.ts';
import { gopherRepetition, type GopherRepetitionOptions } from './gopher-repetition.ts';
import type { Filter } from './types.ts';
import { urlFilter, type UrlFilterOptions } from './url-filter.ts';

export interface FinewebFiltersOptions {
  /** Lists of addresses; without them addresses are not looked at. */
  readonly url?: UrlFilterOptions;
  /** A filter for the language, put behind that for addresses; FineWeb keeps English of fastText's probability 0.65. */
  readonly language?: Filter;
  readonly repetition?: GopherRepetitionOptions;
  readonly quality?: GopherQualityOptions;
  readonly c4?: C4QualityOptions;
  readonly fineweb?: FinewebQualityOptions;
}

/**
 * The filters of FineWeb in its order: addresses, language, repetition (Gopher), quality (Gopher), C4 with lines that end in no
 * terminal mark left in, FineWeb's own. Near duplicates are removed after all of it, and personal data replaced last.
 * Penedo et al. 2024, section 3. https://arxiv.org/abs/2406.17557
 *
 * @example
 * ```ts
 * import { finewebFilters } from '@llm/data-quality';
 * const names = finewebFilters().map((filter) => filter.name);
 * console.assert(names.join() === 'gopherRepetition,gopherQuality,c4Quality,finewebQuality');
 * ```
 */
export function finewebFilters({ url, language, repetition, quality, c4, fineweb }: FinewebFiltersOptions = {}): Filter[] {
  return [
    ...(url ? [urlFilter(url)] : []),
    ...(language ? [language] : []),
    gopherRepetition(repetition),
    gopherQuality(quality),
    c4Quality({ filterNoTerminalPunct: false, ...c4 }),
    finewebQuality(fineweb),
  ];
}

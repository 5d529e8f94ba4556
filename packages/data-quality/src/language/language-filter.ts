import { measuredFilter } from '../measured-filter.ts';
import type { Filter } from '../types.ts';
import { identifyLanguage, type LanguageIdentifier } from './identify-language.ts';

export interface LanguageFilterOptions {
  /** Languages to keep, as the identifier calls them. Default: any. */
  readonly languages?: readonly string[];
  /** Least score. Default 0.65, that of FineWeb with fastText. */
  readonly minScore?: number;
  /** Default `identifyLanguage`. */
  readonly identify?: LanguageIdentifier;
}

/**
 * Keeps documents of given languages whose language is sure enough, and writes `language` and `language_score` into their meta.
 * The reasons: language_not_allowed (measured as 0 where 1 is needed), then language_score.
 *
 * Throws RangeError for a least score outside 0 to 1.
 *
 * @example
 * ```ts
 * import { languageFilter } from '@llm/data-quality';
 * const filter = languageFilter({ languages: ['en'] });
 * const verdict = filter.check({ id: 'a', text: 'It was one of the days that we will not forget.' });
 * console.assert(verdict.keep && verdict.document?.meta?.language === 'en');
 * ```
 */
export function languageFilter({ languages, minScore = 0.65, identify = identifyLanguage }: LanguageFilterOptions = {}): Filter {
  if (!(minScore >= 0 && minScore <= 1)) throw new RangeError(`languageFilter: expected minScore from 0 to 1 but found ${minScore}. Leave it out for 0.65.`);
  const wanted = languages && new Set(languages);
  const allowed = wanted && ({ reason: 'language_not_allowed', threshold: 1, comparison: 'min' } as const);
  return measuredFilter('languageFilter', {
    statistics: ({ text }) => identify(text),
    rules: [
      [allowed, ({ language }) => (wanted?.has(language) ? 1 : 0)],
      // A score that is no number is the least of all.
      [{ reason: 'language_score', threshold: minScore, comparison: 'min' }, ({ score }) => (Number.isNaN(score) ? -Infinity : score)],
    ],
    kept: (document, { language, score }) => ({ keep: true, document: { ...document, meta: { ...document.meta, language, language_score: score } } }),
  });
}

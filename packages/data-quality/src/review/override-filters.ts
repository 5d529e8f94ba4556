import type { Document, Filter, Verdict } from '../types.ts';
import type { ReviewOverride } from './apply-review.ts';
import { textHash } from './text-hash.ts';

const RULE = { reason: 'review_drop', threshold: 0, comparison: 'max' } as const;

/**
 * Filters that obey what people decided: a new first one, `reviewed`, drops what is to be dropped (reason review_drop, measured as 1
 * where 0 is allowed) and puts in the text of an edit; the others keep what is to be kept or was edited, though they still see it. An
 * override of a document whose text has changed since is passed over. Pass the documents of a run through them one at a time.
 *
 * @example
 * ```ts
 * import { gopherQuality, overrideFilters, textHash } from '@llm/data-quality';
 * const document = { id: 'a', text: 'Short, and good.' };
 * const filters = overrideFilters([gopherQuality()], [{ id: 'a', hash: textHash(document.text), verdict: 'keep' }]);
 * console.assert(filters.every((filter) => filter.check(document).keep));
 * ```
 */
export function overrideFilters(filters: readonly Filter[], overrides: Iterable<ReviewOverride>): Filter[] {
  const byId = new Map([...overrides].map((override) => [override.id, override]));
  let kept: string | undefined;
  const reviewed = (document: Document): Verdict => {
    kept = undefined;
    const override = byId.get(document.id);
    if (!override || textHash(document.text) !== override.hash) return { keep: true };
    if (override.verdict === 'drop') return { keep: false, ...RULE, measured: 1 };
    kept = document.id;
    return override.text === undefined ? { keep: true } : { keep: true, document: { ...document, text: override.text } };
  };
  const first: Filter = { name: 'reviewed', rules: [RULE], check: reviewed };
  return [first, ...filters.map((filter): Filter => ({
    ...filter,
    check: (document) => {
      const verdict = filter.check(document);
      return verdict.keep || document.id !== kept ? verdict : { keep: true };
    },
  }))];
}

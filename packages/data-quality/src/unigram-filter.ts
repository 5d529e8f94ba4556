import { englishWords } from './english-words.ts';
import type { Filter } from './types.ts';

export interface UnigramFilterOptions {
  /** How often each word was met, by the word in lower case: the caller's data. */
  readonly counts: ReadonlyMap<string, number>;
  /** The mean has to be above this. Default -10. */
  readonly threshold?: number;
  /** Splits a text into words. Default `englishWords`. */
  readonly words?: (text: string) => readonly string[];
}

/** What a word that was never met counts as. */
const UNKNOWN = 1e-9;

/**
 * Drops a text of rare words: `unigram_log_prob` where the mean of ln(count of the word / Σ counts), 10⁻⁹ standing for a word
 * that is not listed, is -10 or less. A text without words stays. The arithmetic is datatrove's, which took the idea from
 * peS2o (Soldaini and Lo 2023).
 *
 * @example
 * ```ts
 * import { unigramFilter } from '@llm/data-quality';
 * const filter = unigramFilter({ counts: new Map([['the', 60], ['cat', 40]]) });
 * console.assert(filter.check({ id: 'a', text: 'The cat' }).keep && !filter.check({ id: 'b', text: 'Xqz vvk' }).keep);
 * ```
 */
export function unigramFilter({ counts, threshold = -10, words = englishWords }: UnigramFilterOptions): Filter {
  let total = 0;
  for (const count of counts.values()) total += count;
  if (!(total > 0)) throw new RangeError('unigramFilter: expected counts of words but found none above 0. Pass a Map of words in lower case.');
  const rule = { reason: 'unigram_log_prob', threshold, comparison: 'min' } as const;
  return {
    name: 'unigramFilter',
    rules: [rule],
    check: ({ text }) => {
      const list = words(text);
      if (list.length === 0) return { keep: true };
      let sum = 0;
      for (const word of list) {
        const count = counts.get(word.toLowerCase());
        sum += Math.log(count === undefined ? UNKNOWN : count / total);
      }
      const measured = sum / list.length;
      return measured > threshold ? { keep: true } : { keep: false, ...rule, measured };
    },
  };
}

import { createHashSet128 } from './hash-set-128.ts';
import type { Filter } from './types.ts';

export interface ExactDedupOptions {
  /** What counts as the same text. Default `normalizeForDedup`. */
  readonly normalize?: (text: string) => string;
}

/** Unicode NFC, every run of white space one space, none at the ends. Case and punctuation stay. */
export function normalizeForDedup(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/**
 * Drops a document whose normalised text was seen before; the first one stays. The filter remembers what it has seen, so
 * make a new one for each run, and put it after the filters that drop for quality.
 *
 * Keeps a 128-bit hash for each document: 23 to 46 bytes each, whatever its length. Two different texts collide by chance
 * with odds n² / 2¹²⁹ (10⁻²¹ for a billion documents); someone who knows the hash can forge a collision.
 *
 * @example
 * ```ts
 * const dedup = exactDedup();
 * console.assert(dedup.check({ id: 'a', text: 'Same  words.' }).keep);
 * console.assert(!dedup.check({ id: 'b', text: ' Same words.\n' }).keep);
 * ```
 */
export function exactDedup({ normalize = normalizeForDedup }: ExactDedupOptions = {}): Filter {
  const seen = createHashSet128();
  const rule = { reason: 'exact_duplicate', threshold: 0, comparison: 'max' } as const;
  return {
    name: 'exactDedup',
    rules: [rule],
    check: ({ text }) => (seen.add(normalize(text)) ? { keep: true } : { keep: false, ...rule, measured: 1 }),
  };
}

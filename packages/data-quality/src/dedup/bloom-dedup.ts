import { createPermutations, permuted32 } from '../minhash/permutations.ts';
import { createShingleHasher, type ShingleOptions } from '../minhash/shingles.ts';
import type { Filter } from '../types.ts';

export interface BloomDedupOptions extends Omit<ShingleOptions, 'ngrams' | 'precision'> {
  /** Bits of the filter: a power of two from 2¹⁰ to 2³². Memory is an eighth of it in bytes. */
  readonly bits: number;
  /** Runs of words that are expected in all; sets `hashes` to the best number, ⌈ln 2 · bits / runs⌉. */
  readonly expectedRuns?: number;
  /** Bits set for each run. One of this and `expectedRuns` is needed. */
  readonly hashes?: number;
  /** Words in a run. Default 13. */
  readonly ngrams?: number;
  /** A document goes when a larger share of its runs was seen. Default 0.8. */
  readonly threshold?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Drops documents most of whose runs of 13 words were seen in earlier ones, in memory that does not grow: a Bloom filter.
 * Runs once seen are always found; of new ones a share of (1 − e^(−hashes · runs / bits))^hashes is taken for seen. The runs
 * of a dropped document count as seen too. Make a new filter for each run.
 *
 * Decisions are those of datatrove's filter with `m_bytes = bits − 1`, where its mask keeps all the bits; for other sizes it
 * reaches a part of them only. Bloom 1970. https://doi.org/10.1145/362686.362692
 *
 * @throws RangeError for bits that are no such power of two, and where neither `expectedRuns` nor `hashes` is above 0.
 *
 * @example
 * ```ts
 * import { bloomDedup } from '@llm/data-quality';
 * const filter = bloomDedup({ bits: 2 ** 16, expectedRuns: 1000, ngrams: 3 });
 * console.assert(filter.check({ id: 'a', text: 'One two three four.' }).keep);
 * console.assert(!filter.check({ id: 'b', text: 'one two three four' }).keep);
 * ```
 */
export function bloomDedup({ bits, expectedRuns, hashes = expectedRuns ? Math.ceil((Math.LN2 * bits) / expectedRuns) : 0, ngrams = 13, threshold = 0.8, seed = 0, ...shingles }: BloomDedupOptions): Filter {
  if (!(Number.isInteger(Math.log2(bits)) && bits >= 1024 && bits <= 2 ** 32)) throw new RangeError(`bloomDedup: expected a power of two from 2 ** 10 to 2 ** 32 but found bits = ${bits}. Use 2 ** 30 for 128 MiB.`);
  if (!(Number.isInteger(hashes) && hashes >= 1)) throw new RangeError(`bloomDedup: expected a number of hashes above 0 but found ${hashes}. Pass expectedRuns, or hashes.`);
  const hasher = createShingleHasher({ ngrams, precision: 32, ...shingles });
  const permutations = createPermutations(hashes, seed);
  const set = new Uint8Array(bits / 8);
  const mask = (bits - 1) | 0;
  let places = new Uint32Array(1024);
  const rule = { reason: 'bloom_duplicate', threshold, comparison: 'max' } as const;
  return {
    name: 'bloomDedup',
    rules: [rule],
    check: ({ text }) => {
      const { low, count } = hasher.hashesOf(text);
      if (count === 0) return { keep: true };
      if (places.length < hashes) places = new Uint32Array(hashes);
      let seen = 0;
      // Bits are set after all runs were looked up, so that a document is not compared with itself.
      let pending = 0;
      for (let i = 0; i < count; i++) {
        if (places.length < pending + hashes) {
          const more = new Uint32Array(2 * (pending + hashes));
          more.set(places);
          places = more;
        }
        let all = true;
        for (let k = 0; k < hashes; k++) {
          const place = (permuted32(permutations, k, low[i] as number) & mask) >>> 0;
          places[pending + k] = place;
          if (!((set[place >>> 3] as number) & (1 << (place & 7)))) all = false;
        }
        if (all) seen++;
        else pending += hashes;
      }
      for (let i = 0; i < pending; i++) {
        const place = places[i] as number;
        set[place >>> 3] = (set[place >>> 3] as number) | (1 << (place & 7));
      }
      const measured = seen / count;
      return measured > threshold ? { keep: false, ...rule, measured } : { keep: true };
    },
  };
}

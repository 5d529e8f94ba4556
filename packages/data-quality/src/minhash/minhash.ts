import { createPermutations, smallest32, smallest64 } from './permutations.ts';
import { createShingleHasher, type ShingleOptions } from './shingles.ts';

/** Makes signatures of one kind, and says how they are cut into buckets. */
export interface Minhasher {
  readonly buckets: number;
  readonly hashesPerBucket: number;
  /** Numbers of 32 bits that make up one value: 2 for 64 bits, lower half first. */
  readonly limbs: 1 | 2;
  /** `buckets · hashesPerBucket` values, or undefined where the text has fewer words than a shingle. */
  signature(text: string): Uint32Array | undefined;
}

export interface MinhashOptions extends Omit<ShingleOptions, 'ngrams'> {
  /** Words in a shingle. Default 5. */
  readonly ngrams?: number;
  /** Default 14. */
  readonly buckets?: number;
  /** Default 8. Two documents of similarity s share a bucket with probability 1 − (1 − s^hashes)^buckets. */
  readonly hashesPerBucket?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** Throws where buckets are no whole numbers above 0. */
export function checkBuckets(caller: string, { buckets, hashesPerBucket }: { readonly buckets: number; readonly hashesPerBucket: number }): void {
  for (const [name, value] of Object.entries({ buckets, hashesPerBucket })) {
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`${caller}: expected a whole number above 0 but found ${name} = ${value}. FineWeb uses 14 buckets of 8.`);
  }
}

/**
 * MinHash signatures, value for value those of datatrove (FineWeb's are `{ hash: 'sha1' }`): of all runs of 5 words of the
 * simplified text, value k is min over x of ((a_k·x + b_k) mod 2⁶⁴) mod (2⁶¹ − 1), with a and b drawn as NumPy's
 * RandomState(seed) draws them. The share of values in which two signatures agree estimates the Jaccard similarity of the
 * two sets of runs. Broder 1997. https://doi.org/10.1109/SEQUEN.1997.666900
 *
 * @throws RangeError for ngrams, buckets or hashesPerBucket that are no whole numbers above 0.
 *
 * @example
 * ```ts
 * import { createMinhash, similarity } from '@llm/data-quality';
 * const minhash = createMinhash();
 * const a = minhash.signature('One two three four five six seven eight nine ten.');
 * const b = minhash.signature('one, two, three, four, five, six, seven, eight, nine, TEN');
 * console.assert(a && b && a.length === 2 * 112 && similarity(a, b, minhash) === 1);
 * ```
 */
export function createMinhash({ ngrams = 5, buckets = 14, hashesPerBucket = 8, seed = 1, precision = 64, ...shingles }: MinhashOptions = {}): Minhasher {
  checkBuckets('createMinhash', { buckets, hashesPerBucket });
  const hasher = createShingleHasher({ ngrams, precision, ...shingles });
  const permutations = createPermutations(buckets * hashesPerBucket, seed);
  return {
    buckets,
    hashesPerBucket,
    limbs: precision === 64 ? 2 : 1,
    signature: (text) => {
      const hashes = hasher.hashesOf(text);
      if (hashes.count === 0) return undefined;
      return precision === 64 ? smallest64(permutations, hashes) : smallest32(permutations, hashes);
    },
  };
}

/**
 * Share of values in which two signatures of one minhasher agree: an estimate of the Jaccard similarity, with standard error
 * √(s(1 − s) / values).
 *
 * @example
 * ```ts
 * import { similarity } from '@llm/data-quality';
 * console.assert(similarity(new Uint32Array([1, 2, 3, 4]), new Uint32Array([1, 2, 9, 4]), { limbs: 1 }) === 0.75);
 * ```
 */
export function similarity(a: Uint32Array, b: Uint32Array, { limbs }: Pick<Minhasher, 'limbs'>): number {
  let same = 0;
  for (let i = 0; i < a.length; i += limbs) if (a[i] === b[i] && a[i + limbs - 1] === b[i + limbs - 1]) same++;
  return same / (a.length / limbs);
}

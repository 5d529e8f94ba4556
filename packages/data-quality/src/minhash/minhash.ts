import { layOut } from '../compiled-loops.ts';
import { openLoops, type Loops } from './loops.ts';
import { createPermutations, interleaved, smallest32, smallest64, type Permutations } from './permutations.ts';
import { createShingleHasher, createWordBytes, type ShingleOptions } from './shingles.ts';

/** Makes signatures of one kind, and says how they are cut into buckets. */
export interface Minhasher {
  readonly buckets: number;
  readonly hashesPerBucket: number;
  /** Numbers of 32 bits that make up one value: 2 for 64 bits, lower half first. */
  readonly limbs: 1 | 2;
  /** What the values depend on, but for functions that were passed: signatures can be compared where it is the same. */
  readonly settings: string;
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
  const permutations = createPermutations(buckets * hashesPerBucket, seed);
  const options = { ngrams, precision, ...shingles };
  return {
    buckets,
    hashesPerBucket,
    limbs: precision === 64 ? 2 : 1,
    settings: `${shingles.hash ?? 'xxhash'} ${precision} of ${ngrams} words, ${buckets} x ${hashesPerBucket}, seed ${seed}`,
    signature: (precision === 64 ? compiledSignature(options, permutations) : undefined) ?? plainSignature(options, permutations),
  };
}

/** The definition, in numbers of 32 bits. */
export function plainSignature(options: ShingleOptions, permutations: Permutations): Minhasher['signature'] {
  const hasher = createShingleHasher(options);
  return (text) => {
    const hashes = hasher.hashesOf(text);
    if (hashes.count === 0) return undefined;
    return options.precision === 32 ? smallest32(permutations, hashes) : smallest64(permutations, hashes);
  };
}

/** The same values of 64 bits, by the compiled loops; undefined where there are none. */
export function compiledSignature(options: ShingleOptions, permutations: Permutations): Minhasher['signature'] | undefined {
  if (!openLoops()) return undefined;
  const wordBytes = createWordBytes(options);
  const pairs = interleaved(permutations);
  const { ngrams, hash } = options;
  const values = permutations.count;
  return (text) => {
    const { bytes, starts, count } = wordBytes(text);
    const runs = count - ngrams + 1;
    if (runs < 1) return undefined;
    const loops = openLoops() as Loops;
    const used = starts[count] as number;
    const [atPairs = 0, atValues = 0, atStarts = 0, atHashes = 0, atBytes = 0] = layOut(loops, [16 * values, 8 * values, 4 * (count + 1), 8 * runs, used]);
    const { buffer } = loops.memory;
    new Int32Array(buffer, atPairs, 4 * values).set(pairs);
    new Int32Array(buffer, atStarts, count + 1).set(starts.subarray(0, count + 1));
    new Uint8Array(buffer, atBytes, used).set(bytes.subarray(0, used));
    (hash === 'sha1' ? loops.sha1Runs : loops.xxhashRuns)(atBytes, atStarts, runs, ngrams, atHashes);
    loops.smallest64(atHashes, runs, atPairs, values, atValues);
    return new Uint32Array(buffer, atValues, 2 * values).slice();
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

import { textUnits } from '../text-units.ts';
import { mix } from '../vocabulary.ts';
import { checkBuckets, type Minhasher, type MinhashOptions } from './minhash.ts';
import { simplifyText } from './simplify-text.ts';

const TWO_32 = 2 ** 32;
const BASE = 0x2c1b3c6d;

/** Hashes of the words of a simplified text, which are the stretches between its spaces. */
function wordHashes(text: string, into: Int32Array): number {
  const units = textUnits(text);
  const { length } = text;
  let count = 0;
  let hash = 0;
  for (let i = 0; i <= length; i++) {
    const unit = i < length ? (units[i] as number) : 32;
    if (unit !== 32) {
      hash = (Math.imul(hash, 31) + unit + 1) | 0;
      continue;
    }
    if (hash !== 0) into[count++] = mix(hash);
    hash = 0;
  }
  return count;
}

/** Fills each empty place with the value of a full one, chosen by a hash of the place alone, so that equal sets stay equal. */
function densify(values: Uint32Array, full: Uint8Array): void {
  const size = values.length;
  for (let place = 0; place < size; place++) {
    if (full[place] === 1) continue;
    for (let attempt = 1; ; attempt++) {
      const donor = (mix(Math.imul(place + 1, BASE) + Math.imul(attempt, 0x9e3779b1)) >>> 0) % size;
      if (full[donor] !== 1) continue;
      values[place] = values[donor] as number;
      break;
    }
  }
}

/**
 * MinHash signatures of another kind, for speed: each run of words is hashed once to 32 bits, which say both the place in the
 * signature and the value there; the smallest of each place stays, and empty places borrow from full ones. Words end at
 * spaces of the simplified text, so `don't` is two and spaCy has no say. Signatures agree with those of `createMinhash` in
 * what they estimate, not in their values; runs of very short texts share values, which makes the estimate coarser there.
 * Li, Owen and Zhang 2012, https://arxiv.org/abs/1208.1259; Shrivastava 2017, https://arxiv.org/abs/1703.04664
 *
 * @throws RangeError as `createMinhash` does.
 *
 * @example
 * ```ts
 * import { createFastMinhash, similarity } from '@llm/data-quality';
 * const minhash = createFastMinhash();
 * const a = minhash.signature('One two three four five six seven eight nine ten.');
 * const b = minhash.signature('one, two, three, four, five, six, seven, eight, nine, TEN');
 * console.assert(a && b && a.length === 112 && similarity(a, b, minhash) === 1);
 * ```
 */
export function createFastMinhash({ ngrams = 5, buckets = 14, hashesPerBucket = 8, seed = 1, simplify = simplifyText }: Pick<MinhashOptions, 'ngrams' | 'buckets' | 'hashesPerBucket' | 'seed' | 'simplify'> = {}): Minhasher {
  checkBuckets('createFastMinhash', { buckets, hashesPerBucket });
  if (!(Number.isInteger(ngrams) && ngrams >= 1)) throw new RangeError(`createFastMinhash: expected runs of a whole number of words but found ngrams = ${ngrams}. Use 5.`);
  const size = buckets * hashesPerBucket;
  const start = mix(seed + 1);
  // A run is Σ wordₖ · BASEⁿ⁻¹⁻ᵏ modulo 2³²; the word that leaves it takes BASEⁿ with it.
  let leaving = 1;
  for (let i = 0; i < ngrams; i++) leaving = Math.imul(leaving, BASE);
  let words = new Int32Array(4096);
  return {
    buckets,
    hashesPerBucket,
    limbs: 1,
    signature: (text) => {
      const plain = simplify(text);
      if (words.length < plain.length / 2 + 1) words = new Int32Array(plain.length + 1);
      const count = wordHashes(plain, words);
      if (count < ngrams) return undefined;
      const values = new Uint32Array(size).fill(TWO_32 - 1);
      const full = new Uint8Array(size);
      let filled = 0;
      let run = 0;
      for (let i = 0; i < count; i++) {
        run = (Math.imul(run, BASE) + (words[i] as number)) | 0;
        if (i >= ngrams) run = (run - Math.imul(words[i - ngrams] as number, leaving)) | 0;
        if (i < ngrams - 1) continue;
        const hash = mix(run ^ start) >>> 0;
        const place = Math.floor((hash / TWO_32) * size);
        filled += 1 - (full[place] as number);
        full[place] = 1;
        if (hash < (values[place] as number)) values[place] = hash;
      }
      if (filled < size) densify(values, full);
      return values;
    },
  };
}

import { layOut } from '../compiled-loops.ts';
import { mix } from '../vocabulary.ts';
import { openLoops, type Loops } from './loops.ts';
import { checkBuckets, type Minhasher, type MinhashOptions } from './minhash.ts';
import { becomes, DIGIT, simplifyText, SLOW } from './simplify-text.ts';
import { plainSketch, plainWordHashes, type SketchOptions } from './sketch.ts';

export type FastMinhashOptions = Pick<MinhashOptions, 'ngrams' | 'buckets' | 'hashesPerBucket' | 'seed' | 'simplify'>;

const encoder = new TextEncoder();
/** A text goes through the loops in stretches of about so many units. */
const STRETCH = 1 << 16;

/** How the loops' table says that a unit is a digit; the character of that number is left to `simplifyText`. */
const TABLE_DIGIT = 0xfffb;

/** Where the stretch that starts at `from` ends: with the text, or before a space, where no word and no number goes on. */
function stretchEnd(text: string, from: number): number {
  if (text.length - from <= STRETCH) return text.length;
  const before = text.lastIndexOf(' ', from + STRETCH);
  if (before > from) return before;
  const after = text.indexOf(' ', from + STRETCH);
  return after < 0 ? text.length : after;
}

/** Enters what the characters of a text become; false where one of them is SLOW. */
function learn(text: string, loops: Loops): boolean {
  const table = new Uint16Array(loops.memory.buffer, loops.unitTable(), 65_536 + 4096);
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code > 0xffff && code >>> 12 !== 0x1f) return false;
    const place = code > 0xffff ? 65_536 + (code & 0xfff) : code;
    if (table[place] !== 0) continue;
    const next = becomes(code);
    if (next === SLOW || next === TABLE_DIGIT) return false;
    table[place] = next === DIGIT ? TABLE_DIGIT : next;
  }
  return true;
}

/** Writes the hashes of the words of `simplifyText(text)`; their number, or undefined where that takes more than a look at each character. */
function wordHashes(text: string, loops: Loops, { atText, atWords }: { readonly atText: number; readonly atWords: number }): number | undefined {
  let count = 0;
  for (let from = 0; from < text.length; ) {
    const end = stretchEnd(text, from);
    const stretch = from === 0 && end === text.length ? text : text.slice(from, end);
    const missing = atText + 3 * stretch.length - loops.memory.buffer.byteLength;
    if (missing > 0) loops.memory.grow(Math.ceil(missing / 65_536));
    const { written } = encoder.encodeInto(stretch, new Uint8Array(loops.memory.buffer, atText));
    let found = loops.wordHashes(atText, atText + written, atWords + 4 * count);
    if (found < 0) {
      if (!learn(stretch, loops)) return undefined;
      found = loops.wordHashes(atText, atText + written, atWords + 4 * count);
    }
    count += found;
    from = end;
  }
  return count;
}

/** The definition. */
export function plainFastSignature(simplify: (text: string) => string, options: SketchOptions): Minhasher['signature'] {
  let words = new Int32Array(4096);
  return (text) => {
    const simple = simplify(text);
    if (words.length < simple.length / 2 + 1) words = new Int32Array(simple.length + 1);
    const count = plainWordHashes(simple, words);
    return count < options.ngrams ? undefined : plainSketch(words.subarray(0, count), options);
  };
}

/** The same values by the compiled loops; undefined where there are none. */
export function compiledFastSignature(simplify: (text: string) => string, options: SketchOptions): Minhasher['signature'] | undefined {
  if (!openLoops()) return undefined;
  const { ngrams, seed, size } = options;
  return (text) => {
    const loops = openLoops() as Loops;
    let [atFilled = 0, atValues = 0, atWords = 0, atText = 0] = layOut(loops, [4 * size, 4 * size, 2 * text.length + 4, 0]);
    let count = simplify === simplifyText ? wordHashes(text, loops, { atText, atWords }) : undefined;
    if (count === undefined) {
      const simple = simplify(text);
      [atFilled = 0, atValues = 0, atWords = 0] = layOut(loops, [4 * size, 4 * size, 2 * simple.length + 4]);
      count = plainWordHashes(simple, new Int32Array(loops.memory.buffer, atWords));
    }
    if (count < ngrams) return undefined;
    loops.sketch(atWords, count, ngrams, seed, atFilled, size, atValues);
    return new Uint32Array(loops.memory.buffer, atValues, size).slice();
  };
}

/**
 * MinHash signatures of another kind, for speed: a run of words is hashed once, to 32 bits that say both its place in the
 * signature and its value there; a place keeps the smallest, and places that are still empty are filled by further rounds
 * with other hashes. Words end at the spaces of the simplified text, so `don't` is two and spaCy has no say. Values are not
 * those of `createMinhash`, but what they estimate is, at most as far off, and closer for texts of few words.
 * Dahlgaard, Knudsen and Thorup 2017, Fast Similarity Sketching. https://arxiv.org/abs/1704.04370
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
export function createFastMinhash({ ngrams = 5, buckets = 14, hashesPerBucket = 8, seed = 1, simplify = simplifyText }: FastMinhashOptions = {}): Minhasher {
  checkBuckets('createFastMinhash', { buckets, hashesPerBucket });
  if (!(Number.isInteger(ngrams) && ngrams >= 1)) throw new RangeError(`createFastMinhash: expected runs of a whole number of words but found ngrams = ${ngrams}. Use 5.`);
  const options = { ngrams, seed: mix(seed + 1), size: buckets * hashesPerBucket };
  return {
    buckets,
    hashesPerBucket,
    limbs: 1,
    settings: `fast, of ${ngrams} words, ${buckets} x ${hashesPerBucket}, seed ${seed}`,
    signature: compiledFastSignature(simplify, options) ?? plainFastSignature(simplify, options),
  };
}

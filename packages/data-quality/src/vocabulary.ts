import { isOnlyPunctuation } from './punctuation.ts';
import { isSentenceEnd } from './sentence-ends.ts';

/**
 * Words by number, and about each what the filters want to know: a document then is a list of numbers, and nothing about a
 * word is worked out twice.
 */
export interface Vocabulary {
  readonly texts: string[];
  readonly numbers: Map<string, number>;
  /** UTF-16 units of all words. */
  units: number;
  /** Word w has its fields at `records[w * WORD_FIELDS + POINTS]` and so on, side by side: one word, one line of cache. */
  records: Int32Array;
}

export const WORD_FIELDS = 8;
/** Code points. */
export const POINTS = 0;
/** UTF-16 units. */
export const UNITS = 1;
/** Polynomial hash Σ mix(unit k) · BASE^k modulo 2³². */
export const HASH = 2;
/** BASE to the power of the length, and its inverse, modulo 2³². */
export const POWER = 3;
export const INVERSE = 4;
/** Bits: what kind of word it is. */
export const FLAGS = 5;

/** Nothing but punctuation and control characters. */
export const ONLY_PUNCTUATION = 1;
export const HAS_LETTER = 2;
/** One mark that ends a sentence, in any script. */
export const ENDS_SENTENCE = 4;
/** Nothing but what Unicode calls punctuation, which is less than ONLY_PUNCTUATION: it goes on with the sentence before it. */
export const ONLY_MARKS = 8;

/** Odd, so that it has an inverse modulo 2³²: the hash of any run of words is then a difference of two prefix sums. */
const BASE = 0x2c1b3c6d;
const BASE_INVERSE = 0x64ea2d65;

/** Spreads the bits of a 32-bit number, so that its low bits can choose a place in a table. */
export function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/** An array of twice the length with the same start. */
export function grown<T extends Int32Array | Uint16Array | Uint8Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(2 * array.length);
  larger.set(array);
  return larger;
}

/** A vocabulary without words. */
export function createVocabulary(): Vocabulary {
  return { texts: [], numbers: new Map(), units: 0, records: new Int32Array(4096 * WORD_FIELDS) };
}

/** Not a slice of the text that it was cut from, which would keep that alive. Up to 12 units the engine copies anyway. */
function copyOf(word: string): string {
  // A slice of something put together is a slice of that.
  return word.length <= 12 ? word : ` ${word}`.slice(1);
}

const LETTER = /\p{L}/u;
const MARKS = /^\p{P}+$/u;

function kindOf(word: string): number {
  // Most words start with such a letter, which settles all of it.
  const first = word.charCodeAt(0) | 32;
  if (first >= 97 && first <= 122) return HAS_LETTER;
  return (isOnlyPunctuation(word) ? ONLY_PUNCTUATION : 0) | (LETTER.test(word) ? HAS_LETTER : 0) | (MARKS.test(word) ? ONLY_MARKS : 0) | (isSentenceEnd(word) ? ENDS_SENTENCE : 0);
}

/** Number of a word, which is added where it is new. */
export function numberOf(vocabulary: Vocabulary, word: string): number {
  const known = vocabulary.numbers.get(word);
  if (known !== undefined) return known;
  const id = vocabulary.texts.length;
  if (id * WORD_FIELDS === vocabulary.records.length) vocabulary.records = grown(vocabulary.records);
  let hash = 0, power = 1, inverse = 1, points = word.length, before = 0;
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i);
    if ((unit & 0xfc00) === 0xdc00 && (before & 0xfc00) === 0xd800) points--;
    before = unit;
    hash = (hash + Math.imul(mix(unit + 1), power)) | 0;
    power = Math.imul(power, BASE);
    inverse = Math.imul(inverse, BASE_INVERSE);
  }
  const place = id * WORD_FIELDS;
  vocabulary.records[place + POINTS] = points;
  vocabulary.records[place + UNITS] = word.length;
  vocabulary.records[place + HASH] = hash;
  vocabulary.records[place + POWER] = power;
  vocabulary.records[place + INVERSE] = inverse;
  vocabulary.records[place + FLAGS] = kindOf(word);
  const kept = copyOf(word);
  vocabulary.texts.push(kept);
  vocabulary.units += word.length;
  vocabulary.numbers.set(kept, id);
  return id;
}

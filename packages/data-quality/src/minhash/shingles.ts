import { englishWords, numberEnglishWords } from '../english-words.ts';
import { JOINED_PADDING, numberWords } from '../numbered-words.ts';
import { UNITS, WORD_FIELDS } from '../vocabulary.ts';
import type { Hashes } from './permutations.ts';
import { sha1First64 } from './sha1.ts';
import { simplifyText } from './simplify-text.ts';
import { xxhash32, xxhash64 } from './xxhash.ts';

/** How runs of words become numbers; the defaults are datatrove's. */
export interface ShingleOptions {
  /** Words in a run. */
  readonly ngrams: number;
  /** `xxhash` (XXH64, or XXH32 for a precision of 32) or `sha1` (its first bytes, which FineWeb was made with). */
  readonly hash?: 'xxhash' | 'sha1';
  /** Bits of a hash. */
  readonly precision?: 32 | 64;
  /** What is done to the text first. Default `simplifyText`. */
  readonly simplify?: (text: string) => string;
  /** Splits what is left into words. Default `englishWords`. */
  readonly words?: (text: string) => readonly string[];
}

/** The words of a text as UTF-8, each with a space behind it: word i is `bytes[starts[i] … starts[i + 1] − 1)`, and so are runs of them. */
export interface WordBytes {
  bytes: Uint8Array;
  starts: Int32Array;
  count: number;
}

export interface ShingleHasher {
  /** Hashes of every run of words of the text, in order; valid until the next call. */
  hashesOf(text: string): Hashes;
}

const encoder = new TextEncoder();

/** Lays out the words of one text after another, in buffers that are used again. */
export function createWordBytes({ ngrams, simplify = simplifyText, words: splitWords = englishWords }: ShingleOptions): (text: string) => WordBytes {
  if (!(Number.isInteger(ngrams) && ngrams >= 1)) throw new RangeError(`minhash: expected runs of a whole number of words but found ngrams = ${ngrams}. Use 5.`);
  const out: WordBytes = { bytes: new Uint8Array(1 << 14), starts: new Int32Array(1025), count: 0 };
  return (text) => {
    const { vocabulary, ids, count, joined } = splitWords === englishWords ? numberEnglishWords(simplify(text)) : numberWords(splitWords(simplify(text)));
    if (out.starts.length <= count) out.starts = new Int32Array(2 * count + 1);
    const enough = 3 * (joined.length - JOINED_PADDING) + count;
    if (out.bytes.length < enough) out.bytes = new Uint8Array(2 * enough);
    const { bytes, starts } = out;
    const { records } = vocabulary;
    let from = 0;
    let to = 0;
    for (let i = 0; i < count; i++) {
      starts[i] = to;
      const id = ids[i] as number;
      const end = from + (records[id * WORD_FIELDS + UNITS] as number);
      const start = to;
      while (from < end && (joined[from] as number) < 128) bytes[to++] = joined[from++] as number;
      if (from < end) to = start + encoder.encodeInto(vocabulary.texts[id] as string, bytes.subarray(start)).written;
      from = end;
      bytes[to++] = 32;
    }
    starts[count] = to;
    out.count = count;
    return out;
  };
}

/** Hashes of the runs of words of one text after another, in buffers that are used again. */
export function createShingleHasher({ ngrams, hash = 'xxhash', precision = 64, ...options }: ShingleOptions): ShingleHasher {
  const wordBytes = createWordBytes({ ngrams, ...options });
  const hashes: Hashes = { low: new Int32Array(1024), high: new Int32Array(1024), count: 0 };
  return {
    hashesOf: (text) => {
      const words = wordBytes(text);
      const count = Math.max(0, words.count - ngrams + 1);
      if (hashes.low.length < count) {
        hashes.low = new Int32Array(2 * count);
        hashes.high = new Int32Array(2 * count);
      }
      hashes.count = count;
      const { bytes, starts } = words;
      const { low, high } = hashes;
      for (let i = 0; i < count; i++) {
        const start = starts[i] as number;
        const end = (starts[i + ngrams] as number) - 1;
        if (hash === 'sha1') sha1First64(bytes, start, { end, low, high, at: i });
        else if (precision === 64) xxhash64(bytes, start, { end, low, high, at: i });
        else low[i] = xxhash32(bytes, start, end);
      }
      return hashes;
    },
  };
}

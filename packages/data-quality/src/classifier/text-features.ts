import { fnv1a } from '../fnv1a.ts';
import { finish } from '../hash-set-128.ts';

/** Hashed features of a text: which there are, and how much of each; the squares add up to 1. */
export interface TextFeatures {
  readonly ids: Uint32Array;
  readonly values: Float32Array;
}

export interface TextFeatureOptions {
  /** Features are numbered from 0 to 2^bits - 1. */
  readonly bits: number;
  /** Runs of up to so many words are features. */
  readonly ngrams: number;
}

/** A letter of a script that writes no spaces is a word, so is a sign; else letters, marks and digits make one. */
const WORDS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}])[\p{L}\p{M}\p{N}_])+|[^\s]/gu;
/** Enough to judge by, and a bound on the time for a text of any length. */
const MAX_UNITS = 50_000;

/**
 * The runs of one to `ngrams` words of a text in lower case, hashed to 2^bits numbers and counted: value = count / √Σ count².
 * Texts longer than 50,000 units are judged by their beginning.
 */
export function textFeatures(text: string, { bits, ngrams }: TextFeatureOptions): TextFeatures {
  const words = (text.slice(0, MAX_UNITS).toLowerCase().match(WORDS) ?? []).map((word) => fnv1a(word));
  const counts = new Map<number, number>();
  for (let from = 0; from < words.length; from++) {
    let run = 0;
    for (let n = 0; n < ngrams && from + n < words.length; n++) {
      run = (Math.imul(run, 0x9e3779b1) + words[from + n]!) | 0;
      const id = finish(run) >>> (32 - bits);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  const ids = Uint32Array.from(counts.keys());
  const values = Float32Array.from(counts.values());
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return { ids, values: norm === 0 ? values : values.map((value) => value / norm) };
}

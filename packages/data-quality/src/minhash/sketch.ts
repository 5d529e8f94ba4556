import { mix } from '../vocabulary.ts';

const BASE = 0x2c1b3c6d;

/** Hashes of the words of a text, which are the stretches between its spaces, of code points; returns how many there are. */
export function plainWordHashes(text: string, into: Int32Array): number {
  const { length } = text;
  let count = 0;
  let hash = 0;
  for (let i = 0; i <= length; i++) {
    let code = i < length ? text.charCodeAt(i) : 32;
    if (code >= 0xd800 && code < 0xdc00) {
      code = text.codePointAt(i) as number;
      if (code > 0xffff) i++;
      // As the compiled loops see it.
      if (code >>> 12 === 0x1f) code = 0x10000 | (code & 0xfff);
    }
    if (code !== 32) {
      hash = (Math.imul(hash, BASE) + code + 1) | 0;
      continue;
    }
    if (hash !== 0) into[count++] = hash;
    hash = 0;
  }
  return count;
}

export interface SketchOptions {
  /** Words in a run. */
  readonly ngrams: number;
  readonly seed: number;
  /** Values. */
  readonly size: number;
}

/**
 * `size` values of the set of runs of `ngrams` words, whose hashes are overwritten. In round t each run has a hash h, whose place is
 * ⌊h · size / 2³²⌋; a place keeps the smallest hash of the first round that had any for it. From round `size` on each
 * round is for one place, so that all get full.
 */
export function plainSketch(words: Int32Array, { ngrams, seed, size }: SketchOptions): Uint32Array {
  let leaving = 1;
  let run = 0;
  for (let i = 0; i < ngrams - 1; i++) {
    leaving = Math.imul(leaving, BASE);
    words[i] = mix(words[i] as number);
    run = (Math.imul(run, BASE) + (words[i] as number)) | 0;
  }
  let runs = words.length - ngrams + 1;
  for (let i = 0; i < runs; i++) {
    words[i + ngrams - 1] = mix(words[i + ngrams - 1] as number);
    run = (Math.imul(run, BASE) + (words[i + ngrams - 1] as number)) | 0;
    const gone = words[i] as number;
    words[i] = run;
    run = (run - Math.imul(gone, leaving)) | 0;
  }
  const values = new Uint32Array(size);
  const filled = new Int32Array(size).fill(-1);
  let empty = size;
  for (let round = 0; empty > 0; round++) {
    if (round === 1) {
      // There are few different ones where places are empty, and perhaps many rounds.
      const different = Int32Array.from(new Set(words.subarray(0, runs)));
      words.set(different);
      runs = different.length;
    }
    const key = mix((seed + Math.imul(round, 0x9e3779b9)) | 0);
    for (let i = 0; i < runs; i++) {
      const hash = mix((words[i] as number) ^ key) >>> 0;
      const place = round < size ? Math.floor((hash * size) / 2 ** 32) : round - size;
      const known = filled[place] as number;
      if (known >= 0 && (known < round || hash >= (values[place] as number))) continue;
      if (known < 0) empty--;
      filled[place] = round;
      values[place] = hash;
    }
  }
  return values;
}

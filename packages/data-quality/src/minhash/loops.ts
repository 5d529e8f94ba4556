import { loopsOf, type CompiledLoops } from '../compiled-loops.ts';
import { compiled } from './compiled.ts';

/** What minhash.as.ts exports; all numbers but counts are places in its memory. */
export interface Loops extends CompiledLoops {
  unitTable(): number;
  xxhashRuns(bytes: number, starts: number, runs: number, ngrams: number, out: number): void;
  sha1Runs(bytes: number, starts: number, runs: number, ngrams: number, out: number): void;
  smallest64(hashes: number, count: number, permutations: number, values: number, out: number): void;
  wordHashes(text: number, end: number, out: number): number;
  sketch(words: number, count: number, ngrams: number, seed: number, filled: number, values: number, out: number): void;
}

/** The compiled loops; undefined where there are none to be had. */
export const openLoops: () => Loops | undefined = loopsOf<Loops>(compiled);

import { compiled } from './compiled.ts';

/** What minhash.as.ts exports; all numbers but counts are places in its memory. */
export interface Loops {
  readonly memory: WebAssembly.Memory;
  firstFree(): number;
  unitTable(): number;
  xxhashRuns(bytes: number, starts: number, runs: number, ngrams: number, out: number): void;
  sha1Runs(bytes: number, starts: number, runs: number, ngrams: number, out: number): void;
  smallest64(hashes: number, count: number, permutations: number, values: number, out: number): void;
  wordHashes(text: number, end: number, out: number): number;
  sketch(words: number, count: number, ngrams: number, seed: number, filled: number, values: number, out: number): void;
}

/** A memory that grew beyond this is given back with its instance after use. */
const KEEP_BYTES = 2 ** 26;
const PAGE = 65_536;

let compiledModule: WebAssembly.Module | undefined;
let instance: Loops | undefined;

/** The compiled loops; undefined where there is no WebAssembly or a page's policy forbids it. The same until a large text came. */
export function openLoops(): Loops | undefined {
  if (instance && instance.memory.buffer.byteLength <= KEEP_BYTES) return instance;
  try {
    compiledModule ??= new WebAssembly.Module(Uint8Array.from(atob(compiled), (char) => char.charCodeAt(0)));
    instance = new WebAssembly.Instance(compiledModule).exports as unknown as Loops;
  } catch {
    return undefined;
  }
  return instance;
}

/** Places for blocks of the given bytes, each a multiple of 16, in a memory that grows for them. */
export function layOut({ memory, firstFree }: Loops, sizes: readonly number[]): number[] {
  let at = Math.ceil(firstFree() / 16) * 16;
  const places = sizes.map((bytes) => {
    const place = at;
    at += Math.ceil(bytes / 16) * 16;
    return place;
  });
  const missing = at - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return places;
}

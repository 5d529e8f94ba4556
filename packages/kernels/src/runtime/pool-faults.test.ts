import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPool, type Exports, type Pool } from './pool.ts';

/** Imports env.memory, shared; exports setScratch, trap (unreachable) and hang (a loop without an end). */
const MODULE = new WebAssembly.Module(Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 11, 2, 0x60, 1, 0x7f, 0, 0x60, 3, 0x7f, 0x7f, 0x7f, 0,
  2, 16, 1, 3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 3, 1, 1,
  3, 4, 3, 0, 1, 1,
  7, 28, 3, 10, 0x73, 0x65, 0x74, 0x53, 0x63, 0x72, 0x61, 0x74, 0x63, 0x68, 0, 0, 4, 0x74, 0x72, 0x61, 0x70, 0, 1, 4, 0x68, 0x61, 0x6e, 0x67, 0, 2,
  10, 16, 3, 2, 0, 0x0b, 3, 0, 0, 0x0b, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b,
]));
const CHUNKS = 64;
/** The word of the control block that counts the chunks that are done. */
const DONE = 1;

let pool: Pool;
/** Node's handles of the helper threads. */
const helpers: { terminate(): Promise<number> }[] = [];

beforeEach(async () => {
  const { process } = globalThis as unknown as { process: { getBuiltinModule(name: string): object } };
  const original = process.getBuiltinModule.bind(process);
  const threads = original('node:worker_threads') as { Worker: new (...args: unknown[]) => (typeof helpers)[number] };
  let words: Int32Array<ArrayBufferLike> = new Int32Array();
  class Worker extends threads.Worker {
    constructor(source: string, options: { workerData: { control: SharedArrayBuffer } }) {
      super(source, options);
      helpers.push(this);
      words = new Int32Array(options.workerData.control);
    }
  }
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name) => (name === 'node:worker_threads' ? { Worker } : original(name)));

  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const real = new WebAssembly.Instance(MODULE, { env: { memory } }).exports as Exports;
  /** On this thread a chunk only takes a while, so that a helper surely takes one too; the real thing once all are done. */
  const slowHere = (fn: Exports[string]) => (...args: number[]): void => {
    if (Atomics.load(words, DONE) === CHUNKS) return fn(...args);
    for (const end = Date.now() + 2000; Date.now() < end && Atomics.load(words, DONE) === 0;);
  };
  pool = await createPool(MODULE, memory, { ...real, trap: slowHere(real['trap']!), hang: slowHere(real['hang']!) }, { threads: 2, scratch: () => 0 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await pool.close();
  helpers.length = 0;
});

test('a trap on a helper ends the dispatch with the reason and the stack of it, and the next one runs', () => {
  for (let i = 0; i < 20; i++) {
    let found: Error | undefined;
    try {
      pool.dispatch('trap', CHUNKS, 1, [0]);
    } catch (error) {
      found = error as Error;
    }
    expect(found?.message).toBe('dispatch: expected trap to run on every thread but found that it trapped on a helper thread: unreachable. Check the addresses and sizes that it was given.');
    expect((found!.cause as Error).stack).toContain('wasm');
    pool.dispatch('setScratch', CHUNKS, 1, []);
  }
});

test('a helper that does not come back is an error, and nothing is dispatched beside it any more', () => {
  let looks = 0;
  // The machine is suspended for an hour meanwhile.
  vi.spyOn(performance, 'now').mockImplementation(() => 60 * ++looks + (looks > 50 ? 3_600_000 : 0));
  expect(() => pool.dispatch('hang', CHUNKS, 1, [0])).toThrow('dispatch: expected hang to end but found a helper thread that stopped answering. Start again, with threads: 1 if it comes back.');
  // Each look counts for 50 ms at most, so ten seconds are 200 looks: the hour is none of them.
  expect(looks).toBeGreaterThan(200);
  expect(() => pool.dispatch('setScratch', 1, 1, [])).toThrow('expected 1 helper threads but found that one ended or stopped answering: hang did not end on a helper thread');
});

test('a helper that ended is an error with its reason at the next dispatch', async () => {
  pool.dispatch('setScratch', CHUNKS, 1, []);
  await helpers[0]!.terminate();
  expect(() => pool.dispatch('setScratch', CHUNKS, 1, [])).toThrow('expected 1 helper threads but found that one ended or stopped answering: a thread ended with code 1. Start again');
});

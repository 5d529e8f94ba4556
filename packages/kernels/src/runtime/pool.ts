import { spawnWorker, type PoolWorker } from './worker.ts';

/** Runs one exported function over a range of tasks, split into chunks that all threads take from. */
export interface Pool {
  readonly threads: number;
  /**
   * Calls `fn(begin, end, ...args)` until [0, total) is covered in chunks of `grain`, and returns when all are done. Chunk
   * boundaries depend on `total` and `grain` alone, so results do not depend on the number of threads.
   */
  dispatch(fn: string, total: number, grain: number, args: readonly number[]): void;
  close(): Promise<void>;
}

export type Exports = Record<string, (...args: number[]) => void>;

// The control block, in 32-bit words and in a buffer of its own, where no kernel with a wrong address writes. A ticket is
// (job << CHUNK_BITS) | next chunk: a thread claims a chunk by moving the ticket on by one with a compare-and-swap, which can
// only succeed while that job is unfinished, so a thread that wakes late never runs a stale job.
const CONTROL_BYTES = 512;
const TICKET = 0;
const DONE = 1;
const SLEEPERS = 2;
const FAILED = 3;
const FN = 4;
const CHUNKS = 5;
const TOTAL = 6;
const GRAIN = 7;
const ARGC = 8;
const ARGS_AT = 8; // in 64-bit words
const CHUNK_BITS = 12;
const MAX_CHUNKS = (1 << CHUNK_BITS) - 1;
const MAX_ARGS = CONTROL_BYTES / 8 - ARGS_AT;
const JOB_MASK = (1 << (31 - CHUNK_BITS)) - 1;
/** A helper that owes a chunk for so long, and for so many times what this thread took for all of its own, is given up. */
const STALL_MS = 10_000;
const STALL_RATIO = 50;
/** Longer between two looks at the clock, and it was this thread or the whole machine that stood still. */
const LOOK_MS = 50;

/** The loop of a helper thread, as source, since it must run from a string in Node and in browsers. */
export const WORKER_LOOP: string = `
const run = ({ module, memory, control, setScratch }, ready) => {
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
  exports.setScratch(setScratch);
  const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function').sort();
  const fns = names.map((name) => exports[name]);
  const words = new Int32Array(control);
  const doubles = new Float64Array(control);
  ready();
  let spins = 0;
  for (;;) {
    const ticket = Atomics.load(words, ${TICKET});
    const chunk = ticket & ${MAX_CHUNKS};
    const fn = words[${FN}], chunks = words[${CHUNKS}], total = words[${TOTAL}], grain = words[${GRAIN}], argc = words[${ARGC}];
    if (fn < 0) return;
    if (chunk >= chunks) {
      if (++spins > 20000) {
        Atomics.add(words, ${SLEEPERS}, 1);
        Atomics.wait(words, ${TICKET}, ticket);
        Atomics.sub(words, ${SLEEPERS}, 1);
        spins = 0;
      }
      continue;
    }
    const args = Array.from(doubles.subarray(${ARGS_AT}, ${ARGS_AT} + argc));
    if (Atomics.compareExchange(words, ${TICKET}, ticket, ticket + 1) !== ticket) continue;
    spins = 0;
    try {
      fns[fn](chunk * grain, Math.min(total, (chunk + 1) * grain), ...args);
    } catch {
      Atomics.store(words, ${FAILED}, chunk + 1);
    } finally {
      Atomics.add(words, ${DONE}, 1);
    }
  }
};`;

/** A pool of `threads` threads (this one included) over a shared memory; one thread needs no sharing and no workers. */
export async function createPool(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  exports: Exports,
  { threads, scratch }: { threads: number; scratch: (thread: number) => number },
): Promise<Pool> {
  const workers: PoolWorker[] = [];
  let broken: Error | undefined;
  const onEnd = (error: Error): void => { broken ??= error; };
  const control = threads > 1 ? new SharedArrayBuffer(CONTROL_BYTES) : new ArrayBuffer(CONTROL_BYTES);
  const words = new Int32Array(control);
  const doubles = new Float64Array(control);
  const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function').sort();
  const ids = new Map(names.map((name, id) => [name, id]));
  for (let thread = 1; thread < threads; thread++) {
    try {
      workers.push(await spawnWorker(WORKER_LOOP, { module, memory, control, setScratch: scratch(thread) }, { onEnd }));
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw error;
    }
  }
  let job = 0;

  const dispatch: Pool['dispatch'] = (name, total, grain, args) => {
    if (broken !== undefined) {
      throw new Error(`dispatch: expected ${workers.length} helper threads but found that one ended or stopped answering: ${broken.message}. Start again, with threads: 1 if it comes back.`, { cause: broken });
    }
    if (total <= 0) return;
    const fn = exports[name];
    if (fn === undefined) throw new RangeError(`dispatch: expected an exported kernel but found ${name}. Build the kernels again.`);
    const step = Math.max(1, grain);
    const chunks = Math.ceil(total / step);
    if (workers.length === 0 || chunks === 1) {
      for (let begin = 0; begin < total; begin += step) fn(begin, Math.min(total, begin + step), ...args);
      return;
    }
    if (chunks > MAX_CHUNKS) throw new RangeError(`dispatch: expected at most ${MAX_CHUNKS} chunks for ${name} but found ${chunks}`);
    if (args.length > MAX_ARGS) throw new RangeError(`dispatch: expected at most ${MAX_ARGS} arguments for ${name} but found ${args.length}`);
    // A spent ticket must not look fresh beside the new number of chunks: no thread may claim while the job is written.
    Atomics.store(words, TICKET, (job << CHUNK_BITS) | MAX_CHUNKS);
    words[FN] = ids.get(name)!;
    words[CHUNKS] = chunks;
    words[TOTAL] = total;
    words[GRAIN] = step;
    words[ARGC] = args.length;
    doubles.set(args, ARGS_AT);
    Atomics.store(words, DONE, 0);
    job = (job + 1) & JOB_MASK;
    const first = job << CHUNK_BITS;
    Atomics.store(words, TICKET, first);
    if (Atomics.load(words, SLEEPERS) > 0) Atomics.notify(words, TICKET);
    let failure: unknown;
    const began = performance.now();
    for (;;) {
      const ticket = Atomics.load(words, TICKET);
      const chunk = ticket & MAX_CHUNKS;
      if (chunk >= chunks) break;
      if (Atomics.compareExchange(words, TICKET, ticket, ticket + 1) !== ticket) continue;
      try {
        fn(chunk * step, Math.min(total, (chunk + 1) * step), ...args);
      } catch (error) {
        failure ??= error;
      }
      Atomics.add(words, DONE, 1);
    }
    if (!answered(words, { chunks, began })) {
      // Never used again: the chunk may still be written, and counted, at any time.
      broken = new Error(`${name} did not end on a helper thread`);
      throw new Error(`dispatch: expected ${name} to end but found a helper thread that stopped answering. Start again, with threads: 1 if it comes back.`);
    }
    const trapped = Atomics.exchange(words, FAILED, 0) - 1;
    if (failure !== undefined) throw failure;
    if (trapped >= 0) {
      // Nothing but a number comes back from a helper at once: the chunk tells here what was wrong with it.
      const cause = errorOf(() => fn(trapped * step, Math.min(total, (trapped + 1) * step), ...args));
      throw new Error(`dispatch: expected ${name} to run on every thread but found that it trapped on a helper thread${cause === undefined ? '' : `: ${cause.message}`}. Check the addresses and sizes that it was given.`, { cause });
    }
  };

  return {
    threads: workers.length + 1,
    dispatch,
    async close() {
      if (workers.length === 0) return;
      words[FN] = -1;
      Atomics.add(words, TICKET, 1 << CHUNK_BITS);
      Atomics.notify(words, TICKET);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/**
 * Spins until every chunk is done: the other threads are in their last chunk, which is shorter than a sleep and a wake. False
 * where a helper does not end; only time in which this thread ran counts, or a machine that was suspended would be an error.
 */
function answered(words: Int32Array, { chunks, began }: { chunks: number; began: number }): boolean {
  let before = 0;
  let limit = 0;
  let waited = 0;
  for (let spins = 1; Atomics.load(words, DONE) !== chunks; spins++) {
    if ((spins & 0xffff) !== 0) continue;
    const now = performance.now();
    if (limit === 0) limit = Math.max(STALL_MS, STALL_RATIO * (now - began));
    else waited += Math.min(LOOK_MS, now - before);
    if (waited > limit) return false;
    before = now;
  }
  return true;
}

function errorOf(run: () => void): Error | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  return undefined;
}

import { deviceInUse, matMul, memory, ones, reshape, scope, slice, type Tensor } from '@llm/tensor';
import type { Step } from './train.ts';

/** Waiting for a graphics card takes about as long as a large product: so much work is handed over between two waits. */
const WORK_MS = 20;
/** A product that takes no longer than this is made larger, from a size for imitations in software up to one that fills every card. */
const SHORT_MS = 2;
const LEAST_SIZE = 128;
const MOST_SIZE = 4096;

/**
 * The most floating-point operations per second that matrix products of float32 reach on the device in use, measured in about
 * `seconds` (default 0.3): the best of several, since other work on the machine only ever slows. Without a `size`, matrices are
 * 512 × 512, and on a graphics card as large as it takes to fill it.
 *
 *   rate = 2 · size³ / (time of one product)
 */
export async function measurePeak({ seconds = 0.3, size }: { readonly seconds?: number; readonly size?: number } = {}): Promise<number> {
  if (deviceInUse() !== 'webgpu') return measure(size ?? 512, { seconds, waits: false });
  return measure(size ?? await fittingSize(), { seconds, waits: true });
}

async function fittingSize(): Promise<number> {
  let size = LEAST_SIZE;
  while (size < MOST_SIZE && (2 * size ** 3) / await measure(size, { seconds: 0, waits: true }) < SHORT_MS / 1000) size *= 2;
  return size;
}

/** `waits`: products are done once a value of the last can be read, not when they return. */
async function measure(size: number, { seconds, waits }: { seconds: number; waits: boolean }): Promise<number> {
  const [a, b] = [ones([size, size]), ones([size, size])];
  const product = async (times: number): Promise<number> => {
    const started = performance.now();
    let last: Tensor | undefined;
    for (let i = 0; i < times; i++) {
      last?.dispose();
      last = scope(() => matMul(a, b));
    }
    if (waits) {
      const first = scope(() => slice(reshape(last!, [size * size]), [0], [1]));
      await first.data();
      first.dispose();
    }
    last!.dispose();
    return performance.now() - started;
  };
  try {
    let [fastest, times] = [Infinity, 1];
    // The first compiles.
    if (waits) await product(1);
    const end = performance.now() + seconds * 1000;
    do {
      const took = await product(times);
      fastest = Math.min(fastest, took / times);
      if (waits && took < WORK_MS) times *= 2;
    } while (performance.now() < end);
    return (2 * size ** 3) / (fastest / 1000);
  } finally {
    a.dispose();
    b.dispose();
  }
}

/** How a run gets on. */
export interface Progress {
  /** Counted targets per second over the last steps, update included and what happens between steps not. */
  readonly tokensPerSecond: number;
  /** Wall time that is left, by the last steps and what happened between them; undefined where the end is not known. */
  readonly etaSeconds?: number;
  readonly flopsPerSecond?: number;
  /** Model FLOPs utilization: the share of the measured peak. */
  readonly mfu?: number;
  /** The most device memory in use at once so far; on a graphics card that of all buffers, which are kept for the next step. */
  readonly peakBytes: number;
}

export interface ProgressOptions {
  /** Steps of the whole run. */
  readonly steps?: number;
  /** Of training, as `flopsPerToken(model, { length }).training` of the model package gives it. */
  readonly flopsPerToken?: number;
  readonly peakFlops?: number;
  /** How many steps are averaged over; default 20. */
  readonly window?: number;
  /** Seconds from any origin; default the machine's own clock. */
  readonly clock?: () => number;
}

/**
 * Makes a function that takes each step of `train` and says how the run gets on.
 *
 * @example
 * ```ts
 * import { progressOf } from '@llm/train';
 * const progress = progressOf({ steps: 10 });
 * const step = { index: 0, loss: 1, gradNorm: 1, lr: 1e-3, targets: 100, tokens: 100, seconds: 2, tokensPerSecond: 50 };
 * const { tokensPerSecond, etaSeconds } = progress(step);
 * if (tokensPerSecond !== 50 || etaSeconds !== 18) throw new Error('nine steps of two seconds are left');
 * ```
 */
export function progressOf(options: ProgressOptions = {}): (step: Step) => Progress {
  const { steps, flopsPerToken, peakFlops, window = 20, clock = () => performance.now() / 1000 } = options;
  const recent: { targets: number; seconds: number; wall: number }[] = [];
  let last: number | undefined;
  return ({ index, targets, seconds }) => {
    const now = clock();
    recent.push({ targets, seconds, wall: last === undefined ? seconds : now - last });
    last = now;
    if (recent.length > window) recent.shift();
    const total = (of: (entry: (typeof recent)[0]) => number): number => recent.reduce((sum, entry) => sum + of(entry), 0);
    const tokensPerSecond = total((entry) => entry.targets) / total((entry) => entry.seconds);
    const flopsPerSecond = flopsPerToken === undefined ? undefined : flopsPerToken * tokensPerSecond;
    return {
      tokensPerSecond,
      peakBytes: peakBytes(),
      ...(steps === undefined ? {} : { etaSeconds: (Math.max(0, steps - index - 1) * total((entry) => entry.wall)) / recent.length }),
      ...(flopsPerSecond === undefined ? {} : { flopsPerSecond }),
      ...(flopsPerSecond === undefined || peakFlops === undefined ? {} : { mfu: flopsPerSecond / peakFlops }),
    };
  };
}

/** What a run has taken of its device. */
function peakBytes(): number {
  const { peakBytes: most, deviceBytes } = memory();
  return deviceInUse() === 'webgpu' ? deviceBytes : most;
}

import { matMul, memory, ones, scope } from '@llm/tensor';
import type { Step } from './train.ts';

/**
 * The most floating-point operations per second that matrix products of float32 reach on the device in use, measured in about
 * `seconds` (default 0.3): the best of several, since other work on the machine only ever slows.
 */
export function measurePeak({ seconds = 0.3, size = 512 }: { readonly seconds?: number; readonly size?: number } = {}): number {
  const end = performance.now() + seconds * 1000;
  let fastest = Infinity;
  scope(() => {
    const [a, b] = [ones([size, size]), ones([size, size])];
    do {
      const started = performance.now();
      scope(() => matMul(a, b));
      fastest = Math.min(fastest, performance.now() - started);
    } while (performance.now() < end);
  });
  return (2 * size ** 3) / (fastest / 1000);
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
  /** The most device memory in use at once so far. */
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
      peakBytes: memory().peakBytes,
      ...(steps === undefined ? {} : { etaSeconds: (Math.max(0, steps - index - 1) * total((entry) => entry.wall)) / recent.length }),
      ...(flopsPerSecond === undefined ? {} : { flopsPerSecond }),
      ...(flopsPerSecond === undefined || peakFlops === undefined ? {} : { mfu: flopsPerSecond / peakFlops }),
    };
  };
}

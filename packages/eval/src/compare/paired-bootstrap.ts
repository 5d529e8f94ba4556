import { pythonRandom } from '../python/random.ts';
import { checkPaired } from './paired.ts';

export interface BootstrapOptions {
  /** Default 10,000. */
  readonly resamples?: number;
  /** Of the interval; default 0.95. */
  readonly confidence?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** How the mean score of one checkpoint differs from another's on the same documents. */
export interface PairedDifference {
  /** after − before. */
  readonly difference: number;
  /** s/√n of the differences, with n − 1 in s. */
  readonly standardError: number;
  /** The interval of the resampled means that leaves out as many below as above. */
  readonly low: number;
  readonly high: number;
  /** Twice the share of resamples on the other side of 0, by the count that adds one to both: how surprising it is if there were no difference. */
  readonly p: number;
}

/**
 * Whether two checkpoints differ on a task, by resampling its documents with both scores of each: what is hard for both cancels.
 *
 * The resamples draw from Python's Mersenne Twister of `seed`. Intervals are percentiles, interpolated.
 *
 * @throws RangeError for fewer than two documents or lists of different lengths.
 *
 * @example
 * ```ts
 * import { pairedBootstrap } from '@llm/eval';
 * const before = Array.from({ length: 200 }, (_, i) => Number(i % 2 === 0));
 * const after = before.map((score, i) => (i % 10 === 1 ? 1 : score));
 * const { difference, low, p } = pairedBootstrap(before, after, { resamples: 1000 });
 * if (Math.abs(difference - 0.1) > 1e-12 || low <= 0 || p > 0.01) throw new Error('twenty gained, none lost');
 * ```
 *
 * Efron 1979, https://doi.org/10.1214/aos/1176344552
 */
export function pairedBootstrap(before: readonly number[], after: readonly number[], { resamples = 10_000, confidence = 0.95, seed = 0 }: BootstrapOptions = {}): PairedDifference {
  checkPaired(before, after, 'pairedBootstrap');
  const deltas = after.map((score, i) => score - before[i]!);
  const count = deltas.length;
  const difference = deltas.reduce((sum, delta) => sum + delta, 0) / count;
  const variance = deltas.reduce((sum, delta) => sum + (delta - difference) ** 2, 0) / (count - 1);
  const random = pythonRandom(seed);
  const chosen = new Uint32Array(count);
  const means = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    let sum = 0;
    for (const at of random.choices(count, chosen)) sum += deltas[at]!;
    means[i] = sum / count;
  }
  means.sort();
  const percentile = (share: number): number => {
    const at = share * (resamples - 1);
    const below = means[Math.floor(at)]!;
    return below + (means[Math.ceil(at)]! - below) * (at % 1);
  };
  const tail = (1 - confidence) / 2;
  const other = Math.min(means.filter((mean) => mean <= 0).length, means.filter((mean) => mean >= 0).length);
  return { difference, standardError: Math.sqrt(variance / count), low: percentile(tail), high: percentile(1 - tail), p: Math.min(1, (2 * (other + 1)) / (resamples + 1)) };
}

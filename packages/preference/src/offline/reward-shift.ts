import { add, div, keep, mean, mul, overwrite, scalar, sub, type Tensor } from '@llm/tensor';

/** The running mean of the log-ratios that a BCO run has seen: scalars that the loss moves on in place. Yours to keep, save and free (`disposeTree`). */
export interface RewardShift {
  readonly mean: Tensor;
  readonly count: Tensor;
  readonly [name: string]: Tensor;
}

/** A running mean of nothing yet, or of what it was when a run was saved. */
export function rewardShift({ mean = 0, count = 0 }: { readonly mean?: number; readonly count?: number } = {}): RewardShift {
  if (!Number.isFinite(mean) || !(count >= 0)) throw new RangeError(`rewardShift: expected a number and a count from 0 on but found ${mean} and ${count}`);
  return { mean: keep(scalar(mean)), count: keep(scalar(count)) };
}

/**
 * Takes a batch into the running mean, and gives the mean after it.
 *
 *   m ← m + (mean(r) − m) n / (N + n),  N ← N + n
 */
export function movedShift(shift: RewardShift, logRatios: Tensor): Tensor {
  const count = add(shift.count, logRatios.size);
  const moved = add(shift.mean, mul(sub(mean(logRatios), shift.mean), div(logRatios.size, count)));
  overwrite(shift.mean, moved);
  overwrite(shift.count, count);
  return moved;
}

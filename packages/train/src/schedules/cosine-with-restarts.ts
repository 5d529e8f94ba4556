import { checkSchedule, warmup } from './check-schedule.ts';
import type { EndingSchedule } from './linear.ts';

/**
 * Linear warm-up, then `cycles` half cosines of equal length, each from the peak again.
 *
 *   lr(t) = peak · (r + (1 − r) · (1 + cos(π · (cycles · progress mod 1))) / 2),  progress = (t − warmupSteps) / (steps − warmupSteps)
 *
 * Loshchilov and Hutter 2016, https://arxiv.org/abs/1608.03983
 *
 * @throws RangeError for a rate or a count that makes no sense, such as warmupSteps > steps.
 */
export function cosineWithRestarts(
  peak: number,
  { warmupSteps = 0, steps, minRatio = 0, cycles }: EndingSchedule & { readonly cycles: number },
): (step: number) => number {
  checkSchedule('cosineWithRestarts', { peak, warmupSteps, steps, minRatio });
  if (!Number.isSafeInteger(cycles) || cycles < 1) throw new RangeError(`cosineWithRestarts: expected cycles to be a whole number from 1 on but found ${cycles}.`);
  return (step) => {
    const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
    const wave = progress >= 1 ? 0 : 0.5 * (1 + Math.cos(Math.PI * ((cycles * progress) % 1)));
    return peak * (warmup(step, warmupSteps) ?? minRatio + (1 - minRatio) * wave);
  };
}

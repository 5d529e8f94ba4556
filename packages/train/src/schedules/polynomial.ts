import { checkSchedule, warmup } from './check-schedule.ts';
import type { EndingSchedule } from './linear.ts';

/**
 * Linear warm-up, then decay with a power of what is left.
 *
 *   lr(t) = peak · (r + (1 − r) · ((steps − t) / (steps − warmupSteps))^power),  r = minRatio
 *
 * @throws RangeError for a rate or a count that makes no sense, such as warmupSteps > steps.
 *
 * @example
 * ```ts
 * import { polynomial } from '@llm/train';
 * const lr = polynomial(1e-3, { steps: 100, power: 2 });
 * if (lr(50) !== 2.5e-4) throw new Error('wrong rate');
 * ```
 */
export function polynomial(
  peak: number,
  { warmupSteps = 0, steps, minRatio = 0, power }: EndingSchedule & { readonly power: number },
): (step: number) => number {
  checkSchedule('polynomial', { peak, warmupSteps, steps, minRatio });
  if (!(power > 0 && power < Infinity)) throw new RangeError(`polynomial: expected a power above 0 but found ${power}. 1 is linear.`);
  return (step) => {
    const left = Math.max(0, (steps - step) / Math.max(1, steps - warmupSteps));
    return peak * (warmup(step, warmupSteps) ?? minRatio + (1 - minRatio) * left ** power);
  };
}

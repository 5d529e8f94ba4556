import { checkSchedule, warmup } from './check-schedule.ts';

/** A schedule that ends: `steps` counts the warm-up too. */
export interface EndingSchedule {
  readonly warmupSteps?: number;
  readonly steps: number;
  /** What is left of the peak at the end and after; default 0. */
  readonly minRatio?: number;
}

/**
 * Linear warm-up, then linear decay: the default of Hugging Face's trainer.
 *
 *   lr(t) = peak · (r + (1 − r) · (steps − t) / (steps − warmupSteps)),  r = minRatio
 *
 * @throws RangeError for a rate or a count that makes no sense, such as warmupSteps > steps.
 *
 * @example
 * ```ts
 * import { linear } from '@llm/train';
 * const lr = linear(1e-3, { warmupSteps: 10, steps: 110 });
 * if (lr(60) !== 5e-4 || lr(110) !== 0) throw new Error('wrong rate');
 * ```
 */
export function linear(peak: number, { warmupSteps = 0, steps, minRatio = 0 }: EndingSchedule): (step: number) => number {
  checkSchedule('linear', { peak, warmupSteps, steps, minRatio });
  return (step) => {
    const left = Math.max(0, (steps - step) / Math.max(1, steps - warmupSteps));
    return peak * (warmup(step, warmupSteps) ?? minRatio + (1 - minRatio) * left);
  };
}

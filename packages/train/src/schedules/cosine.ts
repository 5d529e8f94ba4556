import { checkSchedule, warmup } from './check-schedule.ts';
import type { EndingSchedule } from './linear.ts';

/**
 * Linear warm-up, then half a cosine down to `minRatio` of the peak, where it stays.
 *
 *   lr(t) = peak · (r + (1 − r) · (1 + cos(π · (t − warmupSteps) / (steps − warmupSteps))) / 2),  r = minRatio
 *
 * Hugging Face's rises again after the last step; this one does not. Loshchilov and Hutter 2016, https://arxiv.org/abs/1608.03983
 *
 * @throws RangeError for a rate or a count that makes no sense, such as warmupSteps > steps.
 *
 * @example
 * ```ts
 * import { cosine } from '@llm/train';
 * const lr = cosine(3e-4, { warmupSteps: 100, steps: 1100, minRatio: 0.1 });
 * if (lr(100) !== 3e-4 || Math.abs(lr(1100) - 3e-5) > 1e-12) throw new Error('wrong rate');
 * ```
 */
export function cosine(peak: number, { warmupSteps = 0, steps, minRatio = 0 }: EndingSchedule): (step: number) => number {
  checkSchedule('cosine', { peak, warmupSteps, steps, minRatio });
  return (step) => {
    const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
    return peak * (warmup(step, warmupSteps) ?? minRatio + (1 - minRatio) * 0.5 * (1 + Math.cos(Math.PI * progress)));
  };
}

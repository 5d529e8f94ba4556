import { checkSchedule, warmup } from './check-schedule.ts';
import type { EndingSchedule } from './linear.ts';

export interface WsdOptions extends EndingSchedule {
  /** Length of the decay at the end; the steps between warm-up and decay stay at the peak. */
  readonly decaySteps: number;
  /** What is left after a share of the decay, from 1 at 0 to 0 at 1; default 1 − √progress. */
  readonly decay?: (progress: number) => number;
}

/**
 * Warm-up, a plateau at the peak, and a short decay: a run can be branched off the plateau and decayed at any length.
 *
 *   lr(t) = peak · (r + (1 − r) · w),  w = t / warmupSteps, then 1, then decay((t − start) / decaySteps);  r = minRatio
 *
 * As in Hugging Face's, the warm-up begins at `minRatio` too. Hu et al. 2024, https://arxiv.org/abs/2404.06395; the decay is
 * that of Hägele et al. 2024, https://arxiv.org/abs/2405.18392
 *
 * @throws RangeError for a rate or a count that makes no sense, such as warmupSteps + decaySteps > steps.
 *
 * @example
 * ```ts
 * import { wsd } from '@llm/train';
 * const lr = wsd(1e-3, { warmupSteps: 10, steps: 200, decaySteps: 40, decay: (progress) => 1 - progress });
 * if (lr(159) !== 1e-3 || lr(180) !== 5e-4 || lr(200) !== 0) throw new Error('wrong rate');
 * ```
 */
export function wsd(
  peak: number,
  { warmupSteps = 0, steps, decaySteps, minRatio = 0, decay = (progress) => 1 - Math.sqrt(progress) }: WsdOptions,
): (step: number) => number {
  checkSchedule('wsd', { peak, warmupSteps, steps, decaySteps, minRatio });
  return (step) => {
    const into = step - (steps - decaySteps);
    const after = into < 0 ? 1 : into >= decaySteps ? 0 : decay(into / decaySteps);
    return peak * (minRatio + (1 - minRatio) * (warmup(step, warmupSteps) ?? after));
  };
}

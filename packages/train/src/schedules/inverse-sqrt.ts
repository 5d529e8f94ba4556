import { checkSchedule, warmup } from './check-schedule.ts';

/**
 * Linear warm-up, then decay with the root of the step: needs no known end.
 *
 *   lr(t) = peak · √(timescale / (t + timescale − warmupSteps))
 *
 * `timescale` defaults to `warmupSteps`, which is the Transformer's own schedule, or 10,000 without a warm-up.
 * Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 *
 * @throws RangeError for a rate or a count that makes no sense.
 *
 * @example
 * ```ts
 * import { inverseSqrt } from '@llm/train';
 * const lr = inverseSqrt(1e-3, { warmupSteps: 100 });
 * if (lr(100) !== 1e-3 || lr(400) !== 5e-4) throw new Error('wrong rate');
 * ```
 */
export function inverseSqrt(
  peak: number,
  { warmupSteps = 0, timescale = warmupSteps === 0 ? 10_000 : warmupSteps }: { readonly warmupSteps?: number; readonly timescale?: number } = {},
): (step: number) => number {
  checkSchedule('inverseSqrt', { peak, warmupSteps });
  if (!(timescale > 0 && timescale < Infinity)) throw new RangeError(`inverseSqrt: expected timescale to be a number of steps above 0 but found ${timescale}.`);
  return (step) => peak * (warmup(step, warmupSteps) ?? 1 / Math.sqrt((step + timescale - warmupSteps) / timescale));
}

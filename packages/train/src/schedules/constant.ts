import { checkSchedule, warmup } from './check-schedule.ts';

/**
 * The same rate at every step, after a linear warm-up where one is wanted.
 *
 *   lr(t) = peak · min(1, t / warmupSteps)
 *
 * @throws RangeError for a rate or a count that makes no sense.
 *
 * @example
 * ```ts
 * import { constant } from '@llm/train';
 * const lr = constant(1e-3, { warmupSteps: 10 });
 * if (lr(5) !== 5e-4 || lr(99) !== 1e-3) throw new Error('wrong rate');
 * ```
 */
export function constant(peak: number, { warmupSteps = 0 }: { readonly warmupSteps?: number } = {}): (step: number) => number {
  checkSchedule('constant', { peak, warmupSteps });
  return (step) => peak * (warmup(step, warmupSteps) ?? 1);
}

/**
 * A weight that rises in a line with the share of training that is done: TextBrewer's `linear_growth` of a loss.
 *
 *   w(x) = x, for x from 0 to 1
 *
 * @example
 * ```ts
 * import { linearDecay, linearGrowth } from '@llm/distill';
 * if (linearGrowth(0.25) !== 0.25 || linearDecay(0.25) !== 0.75) throw new Error('a quarter is done');
 * ```
 */
export function linearGrowth(done: number): number {
  return done;
}

/**
 * A weight that falls in a line with the share of training that is done: TextBrewer's `linear_decay` of a loss.
 *
 *   w(x) = 1 − x, for x from 0 to 1
 *
 * @example
 * ```ts
 * import { linearDecay } from '@llm/distill';
 * if (linearDecay(1) !== 0) throw new Error('nothing is left at the end');
 * ```
 */
export function linearDecay(done: number): number {
  return 1 - done;
}

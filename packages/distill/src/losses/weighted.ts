import { add, mul } from '@llm/tensor';
import type { RowLoss } from './row-loss.ts';

/**
 * A mixture of losses.
 *
 *   Σ w_i ℓ_i
 *
 * A loss whose weight is 0 is not computed. A weight may be a function that is asked again for every chunk, as a schedule
 * over the steps is; a step that is recorded keeps what it said first.
 *
 * @throws RangeError where no loss is given; from the loss where no weight is above 0.
 *
 * @example
 * ```ts
 * import { fullRows, hard, weighted } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const student = tensor([[1, 1]]);
 * const [loss] = weighted([[hard(), 2], [hard(), () => 1]])({ student, teacher: fullRows(student), targets: tensor([0], [1], 'int32') }).dataSync();
 * if (Math.abs(loss! - 3 * Math.LN2) > 1e-6) throw new Error('three times ln 2');
 * ```
 */
export function weighted(losses: readonly (readonly [loss: RowLoss, weight: number | (() => number)])[]): RowLoss {
  if (losses.length === 0) throw new RangeError('weighted: expected at least one loss but found none.');
  return (rows) => {
    const parts = losses.map(([loss, weight]) => [loss, typeof weight === 'number' ? weight : weight()] as const).filter(([, weight]) => weight !== 0);
    const [first, ...others] = parts.map(([loss, weight]) => (weight === 1 ? loss(rows) : mul(loss(rows), weight)));
    if (first === undefined) throw new RangeError('weighted: expected a loss with a weight other than 0 but found none. Raise one.');
    return others.reduce((sum, each) => add(sum, each), first);
  };
}

import { div, mean, type Tensor } from '@llm/tensor';
import { withoutGradient } from '../without-gradient.ts';
import { checkRowCounts } from './check-row-counts.ts';
import { distances } from './distances.ts';
import type { FeatureLoss } from './feature-loss.ts';
import { huberTerm } from './huber-term.ts';

/**
 * Relational distillation by distance: how far positions are from each other, in units of the mean distance, shall be the same for
 * both. Widths may differ.
 *
 *   mean_ij huber(ψ_S(i, j), ψ_T(i, j)),  ψ(i, j) = |h_i − h_j| / mean of those above 0
 *
 * @throws from the loss RangeError for unequal numbers of rows.
 *
 * @example
 * ```ts
 * import { relationDistance } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = relationDistance()(tensor([[0], [1], [3]]), tensor([[0], [10], [30]])).dataSync();
 * if (Math.abs(loss!) > 1e-6) throw new Error('the same but for the scale');
 * ```
 *
 * Park et al. 2019, https://arxiv.org/abs/1904.05068 (weight 1 beside angles at 2, in its metric learning)
 */
export function relationDistance(): FeatureLoss {
  const relations = (states: Tensor): Tensor => {
    const { all, meanAbove } = distances(states);
    return div(all, meanAbove);
  };
  return (student, teacher) => {
    checkRowCounts(student, teacher, 'relationDistance');
    return mean(huberTerm(relations(student), withoutGradient(() => relations(teacher))));
  };
}

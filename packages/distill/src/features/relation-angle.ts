import { add, div, matMul, mean, reshape, slice, sqrt, square, sub, sum, type Tensor, transpose } from '@llm/tensor';
import { withoutGradient } from '../without-gradient.ts';
import { checkRowCounts } from './check-row-counts.ts';
import type { FeatureLoss } from './feature-loss.ts';
import { huberTerm } from './huber-term.ts';

/**
 * Relational distillation by angle: the angles of all triples of positions shall be the same for both. Widths may differ.
 *
 *   mean_ijk huber(cos ∠_S(i, j, k), cos ∠_T(i, j, k)),  the angle at j
 *
 * It takes rows³ numbers, so the first `rows` positions are taken, default 32.
 *
 * @throws from the loss RangeError for unequal numbers of rows.
 *
 * @example
 * ```ts
 * import { relationAngle } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = relationAngle()(tensor([[0, 0], [1, 0], [0, 1]]), tensor([[0, 0], [0, 3], [3, 0]])).dataSync();
 * if (Math.abs(loss!) > 1e-6) throw new Error('the same triangle, turned and larger');
 * ```
 *
 * Park et al. 2019, https://arxiv.org/abs/1904.05068
 */
export function relationAngle({ rows: most = 32 }: { readonly rows?: number } = {}): FeatureLoss {
  const angles = (states: Tensor): Tensor => {
    const [rows = 0, width = 0] = states.shape;
    const edges = sub(reshape(states, [1, rows, width]), reshape(states, [rows, 1, width]));
    // As torch's `normalize`: an edge of no length stays one, and meets everything at a right angle.
    const unit = div(edges, sqrt(add(sum(square(edges), -1, true), 1e-24)));
    return matMul(unit, transpose(unit, [0, 2, 1]));
  };
  return (student, teacher) => {
    checkRowCounts(student, teacher, 'relationAngle');
    const first = (x: Tensor): Tensor => (x.shape[0]! <= most ? x : slice(x, [0, 0], [most, x.shape[1]!]));
    return mean(huberTerm(angles(first(student)), withoutGradient(() => angles(first(teacher)))));
  };
}

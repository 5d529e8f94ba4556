import { add, div, matMul, mean, sqrt, square, sub, sum, type Tensor, transpose } from '@llm/tensor';
import { checkRowCounts } from './check-row-counts.ts';
import type { FeatureLoss } from './feature-loss.ts';

/**
 * Positions that are alike for the teacher shall be alike for the student: widths may differ.
 *
 *   |G_S − G_T|²_F / rows²,  G = h hᵀ with each row divided by its norm
 *
 * @throws from the loss RangeError for unequal numbers of rows.
 *
 * @example
 * ```ts
 * import { similarityPreserving } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = similarityPreserving()(tensor([[1, 0], [0, 1]]), tensor([[2, 0, 0], [0, 0, 2]])).dataSync();
 * if (Math.abs(loss!) > 1e-6) throw new Error('at a right angle in both');
 * ```
 *
 * Tung and Mori 2019, https://arxiv.org/abs/1907.09682
 */
export function similarityPreserving(): FeatureLoss {
  const similarities = (x: Tensor): Tensor => {
    const gram = matMul(x, transpose(x));
    return div(gram, sqrt(add(sum(square(gram), -1, true), 1e-24)));
  };
  return (student, teacher) => {
    checkRowCounts(student, teacher, 'similarityPreserving');
    return mean(square(sub(similarities(student), similarities(teacher))));
  };
}

import { add, div, mean, mul, sqrt, square, sub, sum, type Tensor } from '@llm/tensor';
import { checkSame, type FeatureLoss } from './feature-loss.ts';

/** What torch's `cosine_embedding_loss` adds to squared norms. */
const EPS = 1e-12;

/**
 * How far the directions of states are apart: the third loss of DistilBERT, on the last states.
 *
 *   mean (1 − h_S · h_T / (|h_S| |h_T|))
 *
 * @throws from the loss RangeError for widths that differ.
 *
 * @example
 * ```ts
 * import { hiddenCosine } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = hiddenCosine()(tensor([[1, 0], [2, 0]]), tensor([[0, 1], [1, 0]])).dataSync();
 * if (Math.abs(loss! - 0.5) > 1e-6) throw new Error('one at a right angle, one the same way');
 * ```
 *
 * Sanh et al. 2019, https://arxiv.org/abs/1910.01108
 */
export function hiddenCosine(): FeatureLoss {
  const squares = (x: Tensor): Tensor => add(sum(square(x), -1), EPS);
  return (student, teacher) => {
    checkSame(student, teacher, 'hiddenCosine');
    return mean(sub(1, div(sum(mul(student, teacher), -1), sqrt(mul(squares(student), squares(teacher))))));
  };
}

import { div, mean, sqrt, square, sub, sum, type Tensor } from '@llm/tensor';
import { checkSame, type FeatureLoss } from './feature-loss.ts';

/**
 * Squared distance of states of length one: patient distillation, TextBrewer's `pkd`, which takes the first position of each text.
 *
 *   mean |h_S / |h_S| − h_T / |h_T||²
 *
 * @throws from the loss RangeError for widths that differ.
 *
 * @example
 * ```ts
 * import { normalizedMse } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = normalizedMse()(tensor([[3, 0]]), tensor([[0, 5]])).dataSync();
 * if (Math.abs(loss! - 2) > 1e-6) throw new Error('two corners of a square of length one');
 * ```
 *
 * Sun et al. 2019, https://arxiv.org/abs/1908.09355
 */
export function normalizedMse(): FeatureLoss {
  const unit = (x: Tensor): Tensor => div(x, sqrt(sum(square(x), -1, true)));
  return (student, teacher) => {
    checkSame(student, teacher, 'normalizedMse');
    return mean(sum(square(sub(unit(student), unit(teacher))), -1));
  };
}

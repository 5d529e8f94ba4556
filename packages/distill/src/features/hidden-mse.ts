import { mean, square, sub } from '@llm/tensor';
import { checkSame, type FeatureLoss } from './feature-loss.ts';

/**
 * Mean squared error of states: TextBrewer's `hidden_mse`.
 *
 *   mean (h_S − h_T)²
 *
 * @throws from the loss RangeError for widths that differ.
 *
 * @example
 * ```ts
 * import { hiddenMse } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * if (hiddenMse()(tensor([[1, 2]]), tensor([[4, 6]])).dataSync()[0] !== 12.5) throw new Error('25 / 2');
 * ```
 *
 * Romero et al. 2014, FitNets, https://arxiv.org/abs/1412.6550
 */
export function hiddenMse(): FeatureLoss {
  return (student, teacher) => {
    checkSame(student, teacher, 'hiddenMse');
    return mean(square(sub(student, teacher)));
  };
}

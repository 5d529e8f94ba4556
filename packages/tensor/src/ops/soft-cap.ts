import { div, mul, square, sub, tanh, type Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import type { Leaf } from '../tree/tree.ts';
import { isWeight, type Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';

/**
 * Numbers kept softly between −cap and cap.
 *
 *   y = cap · tanh(x / cap);  dx = dy · (1 − (y / cap)²)
 *
 * x and y of one shape; only y is kept for the backward pass. Gemma Team 2024, https://arxiv.org/abs/2408.00118
 *
 * @throws RangeError for a cap that is not above 0.
 *
 * @example
 * ```ts
 * import { softCap, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [small = 0, large = 0] = softCap(tensor([0.1, 1000]), { cap: 30 }).dataSync();
 * if (Math.abs(small - 0.1) > 1e-5 || Math.abs(large - 30) > 1e-5) throw new Error('small ones stay, large ones do not');
 * ```
 */
export function softCap(x: Tensor, { cap }: { cap: number }): Tensor {
  if (!(cap > 0)) throw new RangeError(`softCap: expected a cap above 0 but found ${cap}. Leave it out for none.`);
  return differentiable({
    inputs: { x },
    forward: (save) => {
      const y = mul(tanh(div(x, cap)), cap);
      save([y]);
      return y;
    },
    backward: (dy, [y]) => ({ x: () => mul(dy, sub(1, square(div(y!, cap)))) }),
  });
}

/**
 * A head whose logits are softly capped: a weight, so that whatever makes logits of it, a loss, `linear` or a sampler, caps them too.
 * Losses fuse the cap as they fuse the head.
 *
 *   apply(x) = cap · tanh(x · Wᵀ / cap)
 *
 * @example
 * ```ts
 * import { cappedHead, linear, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [logit = 0] = linear(tensor([[1000]]), cappedHead(tensor([[1]]), { cap: 15 })).dataSync();
 * if (Math.abs(logit - 15) > 1e-4) throw new Error('15 at most');
 * ```
 */
export function cappedHead(head: Leaf, { cap }: { cap: number }): Weight {
  return {
    shape: head.shape,
    tensors: isWeight(head) ? head.tensors : { weight: head },
    with: (tensors) => cappedHead(isWeight(head) ? head.with(tensors) : tensors['weight']!, { cap }),
    apply: (x) => softCap(linear(x, head), { cap }),
    capped: { head, cap },
  };
}

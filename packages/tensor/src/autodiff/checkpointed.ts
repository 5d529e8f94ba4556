import { tidy, type Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable.ts';
import { backward, record } from './tape.ts';

/**
 * A segment that keeps only its inputs and is run again in the backward pass: memory for time.
 *
 *   checkpointed(f)(x, …θ) = f(x, …θ)
 *
 * Gradients are the same to the bit where f is deterministic: give dropout an explicit seed. Every tensor that f depends on
 * and that needs a gradient must be an argument.
 *
 * Chen et al. 2016, https://arxiv.org/abs/1604.06174
 */
export function checkpointed<A extends readonly Tensor[]>(segment: (...inputs: A) => Tensor): (...inputs: A) => Tensor {
  return (...inputs) => differentiable({
    inputs: Object.fromEntries(inputs.map((input, i) => [String(i), input])),
    forward: (save) => {
      save([...inputs]);
      return tidy(() => segment(...inputs));
    },
    backward: (dy, saved) => {
      const { result, tape } = record(() => segment(...(saved as unknown as A)));
      const gradients = backward(tape, [result], [dy], saved);
      return Object.fromEntries(saved.map((_, i) => [String(i), () => {
        const gradient = gradients[i];
        if (gradient === undefined) throw new Error(`checkpointed: expected the result to depend on argument ${i} but found that it does not`);
        return gradient;
      }]));
    },
  });
}

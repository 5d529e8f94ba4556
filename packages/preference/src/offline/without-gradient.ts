import { differentiable, type Tensor } from '@llm/tensor';

/** What `fn` gives, as a constant: nothing inside is kept for the backward pass, and no gradient flows into it. */
export function withoutGradient(fn: () => Tensor): Tensor {
  return differentiable({ inputs: {}, forward: fn, backward: () => ({}) });
}

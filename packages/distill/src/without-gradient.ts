import { differentiable, scope, type Tensor } from '@llm/tensor';

/** What `fn` gives, as constants: nothing inside is kept for the backward pass, and no gradient flows into it. */
export function withoutGradient<T extends Tensor | Tensor[] = Tensor>(fn: () => T): T {
  return differentiable<T>({ inputs: {}, forward: () => scope(fn), backward: () => ({}) });
}

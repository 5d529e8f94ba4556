import { maximum, minimum, mul, neg, type Tensor, tensor } from '@llm/tensor';
import type { PolicyBatch } from '../policy-batch.ts';

export interface ClipOptions {
  /** How far below 1 a ratio counts; default 0.2. */
  readonly epsilon?: number;
  /** How far above 1; default as epsilon. */
  readonly epsilonHigh?: number;
  /** The largest ratio that counts even where the advantage is negative; default Infinity. */
  readonly delta?: number;
}

/** −min(r · A, clip(r, 1 − ε, 1 + ε_high) · A), with r itself held below δ. */
export function clipped(
  ratio: Tensor, { batch: { advantages } }: { readonly batch: Pick<PolicyBatch, 'advantages'> }, { epsilon = 0.2, epsilonHigh = epsilon, delta = Infinity }: ClipOptions,
): Tensor {
  const advantage = tensor(advantages);
  const held = maximum(minimum(ratio, 1 + epsilonHigh), 1 - epsilon);
  return neg(minimum(mul(delta === Infinity ? ratio : minimum(ratio, delta), advantage), mul(held, advantage)));
}

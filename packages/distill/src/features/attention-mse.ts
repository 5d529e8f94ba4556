import { div, mean, mul, reshape, square, sub, sum, type Tensor } from '@llm/tensor';
import { above } from './distances.ts';

export interface AttentionLossOptions {
  /** [batch, length], 1 for tokens and 0 for padding. Without it, scores of at most −0.001 count as masked. */
  readonly mask?: Tensor;
  /** Add heads up (mean squares) or average them (cross-entropy) first, so that their numbers may differ; default false. */
  readonly together?: boolean;
}

/** Scores of at most this are a mask's, not a model's: TextBrewer's bound. */
const MASKED = -1e-3;

/** 1 for scores that are the model's own. */
export const unmasked = (scores: Tensor): Tensor => above(sub(scores, MASKED));

/**
 * Mean squared error of attention scores: TextBrewer's `attention_mse`, and with `together` its `attention_mse_sum`.
 *
 *   mean (A_S − A_T)² over heads and pairs of tokens
 *
 * Scores [batch, heads, length, length] of both, mask [batch, length] → scalar.
 *
 * @example
 * ```ts
 * import { attentionMse } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = attentionMse(tensor([[[[3]], [[1]]]]), tensor([[[[1]], [[1]]]])).dataSync();
 * if (loss !== 2) throw new Error('4 / 2 heads');
 * ```
 */
export function attentionMse(student: Tensor, teacher: Tensor, { mask, together = false }: AttentionLossOptions = {}): Tensor {
  const [s, t] = together ? [sum(student, 1, true), sum(teacher, 1, true)] : [student, teacher];
  if (mask === undefined) return mean(square(sub(mul(s, unmasked(s)), mul(t, unmasked(t)))));
  const [batch = 0, length = 0] = mask.shape;
  const both = mul(reshape(mask, [batch, 1, length, 1]), reshape(mask, [batch, 1, 1, length]));
  return div(sum(mul(square(sub(s, t)), both)), mul(sum(square(sum(mask, -1))), s.shape[1]!));
}

import { div, logSoftmax, mean, mul, neg, reshape, softmax, sum, type Tensor } from '@llm/tensor';
import { type AttentionLossOptions, unmasked } from './attention-mse.ts';

/**
 * Cross-entropy of attention under the teacher's: TextBrewer's `attention_ce`, and with `together` its `attention_ce_mean`.
 *
 *   −Σ m_i m_j softmax_j(A_T) ln softmax_j(A_S) / Σ m_i
 *
 * Scores before softmax [batch, heads, length, length] of both, mask [batch, length] → scalar.
 *
 * @example
 * ```ts
 * import { attentionCrossEntropy } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const even = tensor([[[[1, 1], [1, 1]]]]);
 * const [loss] = attentionCrossEntropy(even, even).dataSync();
 * if (Math.abs(loss! - Math.LN2) > 1e-6) throw new Error('the entropy of a coin');
 * ```
 */
export function attentionCrossEntropy(student: Tensor, teacher: Tensor, { mask, together = false }: AttentionLossOptions = {}): Tensor {
  const [s, t] = together ? [mean(student, 1, true), mean(teacher, 1, true)] : [student, teacher];
  const terms = mul(softmax(t), logSoftmax(s));
  if (mask === undefined) return neg(mean(sum(mul(terms, unmasked(t)), -1)));
  const [batch = 0, length = 0] = mask.shape;
  const ofRows = sum(mul(terms, reshape(mask, [batch, 1, 1, length])), -1);
  const heads = s.shape[1]!;
  return neg(div(sum(mul(ofRows, reshape(mask, [batch, 1, length]))), mul(sum(mask), heads)));
}

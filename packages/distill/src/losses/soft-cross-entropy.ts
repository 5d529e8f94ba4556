import { exp, mul, neg } from '@llm/tensor';
import { type Divergence, summed } from './divergence.ts';

/**
 * The cross-entropy of the student under the teacher's probabilities: `forwardKl` and the teacher's entropy, which no student changes.
 *
 *   −Σ p_T ln p_S
 *
 * Log-probabilities [rows, events] → [rows], in nats. TextBrewer's `kd_ce_loss`, and what torchtune's `ForwardKLLoss` computes.
 *
 * @example
 * ```ts
 * import { softCrossEntropy } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const half = tensor([[Math.log(0.5), Math.log(0.5)]]);
 * const [loss] = softCrossEntropy()(half, half).dataSync();
 * if (Math.abs(loss! - Math.LN2) > 1e-6) throw new Error('the entropy of a coin');
 * ```
 */
export function softCrossEntropy(): Divergence {
  return summed({
    terms: (student, teacher) => neg(mul(exp(teacher), student)),
    slope: (_student, teacher) => neg(exp(teacher)),
  });
}

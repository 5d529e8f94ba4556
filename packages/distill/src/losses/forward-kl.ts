import { exp, mul, neg, sub } from '@llm/tensor';
import { type Divergence, summed } from './divergence.ts';

/**
 * The teacher's surprise at the student: the student must cover all that the teacher may say.
 *
 *   KL(T ‖ S) = Σ p_T (ln p_T − ln p_S)
 *
 * Log-probabilities [rows, events] → [rows], in nats. TRL's `generalized_jsd_loss` at β = 0.
 *
 * @example
 * ```ts
 * import { forwardKl } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const half = tensor([[Math.log(0.5), Math.log(0.5)]]);
 * const [kl] = forwardKl()(tensor([[Math.log(0.25), Math.log(0.75)]]), half).dataSync();
 * if (Math.abs(kl! - 0.5 * Math.log(4 / 3)) > 1e-6) throw new Error('½ ln 2 + ½ ln ⅔');
 * ```
 */
export function forwardKl(): Divergence {
  return summed({
    terms: (student, teacher) => mul(exp(teacher), sub(teacher, student)),
    slope: (_student, teacher) => neg(exp(teacher)),
  });
}

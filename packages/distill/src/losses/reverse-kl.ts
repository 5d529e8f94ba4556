import { add, exp, mul, sub } from '@llm/tensor';
import { type Divergence, summed } from './divergence.ts';

/**
 * The student's surprise at the teacher: the student must say nothing that the teacher would not.
 *
 *   KL(S ‖ T) = Σ p_S (ln p_S − ln p_T)
 *
 * Log-probabilities [rows, events] → [rows], in nats. TRL's `generalized_jsd_loss` at β = 1, torchtune's `ReverseKLLoss`.
 *
 * @example
 * ```ts
 * import { reverseKl } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [kl] = reverseKl()(tensor([[Math.log(0.5), Math.log(0.5)]]), tensor([[Math.log(0.25), Math.log(0.75)]])).dataSync();
 * if (Math.abs(kl! - 0.5 * Math.log(4 / 3)) > 1e-6) throw new Error('½ ln 2 + ½ ln ⅔');
 * ```
 *
 * Gu et al. 2023, MiniLLM, https://arxiv.org/abs/2306.08543
 */
export function reverseKl(): Divergence {
  return summed({
    terms: (student, teacher) => mul(exp(student), sub(student, teacher)),
    slope: (student, teacher) => mul(exp(student), add(sub(student, teacher), 1)),
  });
}

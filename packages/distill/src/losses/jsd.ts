import { add, exp, log, maximum, mul, sub, type Tensor } from '@llm/tensor';
import { type Divergence, summed } from './divergence.ts';
import { forwardKl } from './forward-kl.ts';
import { reverseKl } from './reverse-kl.ts';

/**
 * The generalized Jensen-Shannon divergence of on-policy distillation, in the convention of TRL's GKD.
 *
 *   β KL(T ‖ M) + (1 − β) KL(S ‖ M),  M = (1 − β) S + β T
 *
 * With β = 0 it is KL(T ‖ S) and with β = 1 KL(S ‖ T), by definition: the formula itself is 0 at both ends. Default β 0.5.
 * Log-probabilities [rows, events] → [rows], in nats.
 *
 * @throws RangeError for β outside of [0, 1].
 *
 * @example
 * ```ts
 * import { jsd } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [yes, no] = [tensor([[0, -80]]), tensor([[-80, 0]])];
 * const [most] = jsd({ beta: 0.5 })(yes, no).dataSync();
 * if (Math.abs(most! - Math.LN2) > 1e-5) throw new Error('no two are further apart than ln 2');
 * ```
 *
 * Agarwal et al. 2023, https://arxiv.org/abs/2306.13649
 */
export function jsd({ beta = 0.5 }: { readonly beta?: number } = {}): Divergence {
  if (!(beta >= 0 && beta <= 1)) throw new RangeError(`jsd: expected beta from 0 to 1 but found ${beta}. 0 is KL(teacher ‖ student), 1 is KL(student ‖ teacher).`);
  if (beta === 0) return forwardKl();
  if (beta === 1) return reverseKl();
  // ln((1 − β) e^s + β e^t) from the larger of the two, so that events which neither believes in keep their digits.
  const mixture = (student: Tensor, teacher: Tensor): Tensor => {
    const [s, t] = [add(student, Math.log1p(-beta)), add(teacher, Math.log(beta))];
    const top = maximum(s, t);
    return add(top, log(add(exp(sub(s, top)), exp(sub(t, top)))));
  };
  return summed({
    terms: (student, teacher) => {
      const m = mixture(student, teacher);
      return add(mul(mul(exp(teacher), sub(teacher, m)), beta), mul(mul(exp(student), sub(student, m)), 1 - beta));
    },
    slope: (student, teacher) => mul(mul(exp(student), sub(student, mixture(student, teacher))), 1 - beta),
  });
}

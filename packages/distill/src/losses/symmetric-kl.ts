import { add, mul } from '@llm/tensor';
import type { Divergence } from './divergence.ts';
import { forwardKl } from './forward-kl.ts';
import { reverseKl } from './reverse-kl.ts';

/**
 * Both directions of the divergence at once.
 *
 *   ratio · KL(T ‖ S) + (1 − ratio) · KL(S ‖ T)
 *
 * `ratio` from 0 to 1, default 0.5 as torchtune's `SymmetricKLLoss`, which has a cross-entropy in the place of the first: larger by
 * ratio times the teacher's entropy, with the same gradient.
 *
 * @throws RangeError for a ratio outside of [0, 1].
 *
 * @example
 * ```ts
 * import { symmetricKl } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [a, b] = [tensor([[Math.log(0.5), Math.log(0.5)]]), tensor([[Math.log(0.2), Math.log(0.8)]])];
 * const both = [symmetricKl()(a, b), symmetricKl()(b, a)].map((loss) => loss.dataSync()[0]!);
 * if (Math.abs(both[0]! - both[1]!) > 1e-6) throw new Error('the same either way');
 * ```
 */
export function symmetricKl({ ratio = 0.5 }: { readonly ratio?: number } = {}): Divergence {
  if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`symmetricKl: expected a ratio from 0 to 1 but found ${ratio}. 1 is the forward divergence, 0 the reverse one.`);
  const [forward, reverse] = [forwardKl(), reverseKl()];
  return (student, teacher) => add(mul(forward(student, teacher), ratio), mul(reverse(student, teacher), 1 - ratio));
}

import type { Divergence } from './divergence.ts';
import { forwardKl } from './forward-kl.ts';
import { hard } from './hard.ts';
import type { RowLoss } from './row-loss.ts';
import { softened } from './softened.ts';
import { weighted } from './weighted.ts';

export interface HintonOptions {
  /** The share of the soft loss; default 0.5. */
  readonly alpha?: number;
  /** Divides the logits in the soft loss; default 2. */
  readonly temperature?: number;
  /** Of the soft loss; default `forwardKl()`. */
  readonly divergence?: Divergence;
}

/**
 * Knowledge distillation as it began: the teacher's softened probabilities beside the right answers.
 *
 *   α T² KL(T_T ‖ S_T) + (1 − α) (−ln p_S(target))
 *
 * T² keeps the gradient of the soft part as large as that of the hard one. MiniMind's preset is α 0.5, T 1.5.
 *
 * @throws RangeError for α outside of [0, 1] and a temperature that is not above 0.
 *
 * @example
 * ```ts
 * import { fullRows, hinton } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const same = tensor([[0, 0]]);
 * const [loss] = hinton({ alpha: 0.9 })({ student: same, teacher: fullRows(same), targets: tensor([1], [1], 'int32') }).dataSync();
 * if (Math.abs(loss! - 0.1 * Math.LN2) > 1e-6) throw new Error('only the hard tenth is left');
 * ```
 *
 * Hinton et al. 2015, https://arxiv.org/abs/1503.02531
 */
export function hinton({ alpha = 0.5, temperature = 2, divergence = forwardKl() }: HintonOptions = {}): RowLoss {
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`hinton: expected alpha from 0 to 1 but found ${alpha}. 1 learns from the teacher alone.`);
  return weighted([[softened(divergence, { temperature, squared: true }), alpha], [hard(), 1 - alpha]]);
}

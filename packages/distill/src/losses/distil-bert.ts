import { forwardKl } from './forward-kl.ts';
import { hard } from './hard.ts';
import { logitSquares } from './logit-squares.ts';
import type { RowLoss } from './row-loss.ts';
import { softened } from './softened.ts';
import { weighted } from './weighted.ts';

export interface DistilBertOptions {
  /** Weight of the soft loss; default 5. */
  readonly ce?: number;
  /** Weight of the hard loss, masked or causal by what the batches predict; default 2. */
  readonly lm?: number;
  /** Weight of the squared distance of logits; default 0. */
  readonly mse?: number;
  /** Default 2. */
  readonly temperature?: number;
}

/**
 * The losses of logits in DistilBERT's recipe; the third, of directions of states, is `hiddenCosine` in `distillLoss`'s `features`, with weight 1.
 *
 *   ce · T² KL(T_T ‖ S_T) + lm · (−ln p_S(target)) + mse · Σ (z_S − z_T)²
 *
 * The defaults are those of the recipe for English DistilBERT (ce 5, mlm 2, cos 1, T 2); the script's own are ce 0.5 and clm 0.5. The
 * script takes its soft loss over all tokens unless `restrict_ce_to_mask`; here it is over those that are predicted.
 *
 * @throws RangeError for a temperature that is not above 0.
 *
 * @example
 * ```ts
 * import { distilBert, fullRows } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const same = tensor([[0, 0]]);
 * const [loss] = distilBert()({ student: same, teacher: fullRows(same), targets: tensor([1], [1], 'int32') }).dataSync();
 * if (Math.abs(loss! - 2 * Math.LN2) > 1e-6) throw new Error('twice the hard loss');
 * ```
 *
 * Sanh et al. 2019, https://arxiv.org/abs/1910.01108
 */
export function distilBert({ ce = 5, lm = 2, mse = 0, temperature = 2 }: DistilBertOptions = {}): RowLoss {
  return weighted([[softened(forwardKl(), { temperature, squared: true }), ce], [hard(), lm], [logitSquares(), mse]]);
}

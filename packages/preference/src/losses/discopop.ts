import { add, exp, mul, neg, sub } from '@llm/tensor';
import { type Divergence, reverseKl } from './divergence.ts';
import { logSigmoid, sigmoid } from './log-sigmoid.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface DiscopopOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** Where the blend turns from logistic to exponential; default 0.05. */
  readonly temperature?: number;
  /** What takes the place of the log-ratio; default `reverseKl()`, the log-ratio itself. */
  readonly divergence?: Divergence;
}

/**
 * The loss that a language model discovered: logistic for negative margins, exponential for positive ones, blended in between.
 *
 *   −(1 − w) ln σ(βΔ) + w e^(−βΔ),  w = σ(βΔ / τ)
 *
 * Lu et al. 2024, https://arxiv.org/abs/2406.08414
 */
export function discopop({ beta = 0.1, temperature = 0.05, divergence = reverseKl() }: DiscopopOptions = {}): PairLoss {
  checkBeta(beta, 'discopop');
  if (!(temperature > 0)) throw new RangeError(`discopop: expected temperature > 0 but found ${temperature}`);
  return (scores) => {
    const ratios = logRatios(scores, 'discopop');
    const margin = mul(sub(divergence(ratios.chosen), divergence(ratios.rejected)), beta);
    const blend = sigmoid(mul(margin, 1 / temperature));
    return add(mul(neg(logSigmoid(margin)), sub(1, blend)), mul(exp(neg(margin)), blend));
  };
}

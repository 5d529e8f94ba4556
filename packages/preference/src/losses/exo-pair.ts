import { add, mul, neg, sub } from '@llm/tensor';
import { type Divergence, reverseKl } from './divergence.ts';
import { logSigmoid, sigmoid } from './log-sigmoid.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface ExoPairOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** The share of pairs that are taken to be labelled the wrong way round, above 0; default 0.001. */
  readonly labelSmoothing?: number;
  /** What takes the place of the log-ratio; default `reverseKl()`, the log-ratio itself. */
  readonly divergence?: Divergence;
}

/**
 * Efficient exact optimization for pairs: the reverse KL divergence of the policy's own preference from the labels'.
 *
 *   σ(βΔ) (ln σ(βΔ) − ln(1 − ε)) + σ(−βΔ) (ln σ(−βΔ) − ln ε)
 *
 * @throws RangeError for ε = 0, where it would be infinite.
 *
 * Ji et al. 2024, https://arxiv.org/abs/2402.00856
 */
export function exoPair({ beta = 0.1, labelSmoothing = 1e-3, divergence = reverseKl() }: ExoPairOptions = {}): PairLoss {
  checkBeta(beta, 'exoPair');
  if (!(labelSmoothing > 0 && labelSmoothing < 0.5)) throw new RangeError(`exoPair: expected labelSmoothing above 0 and below 0.5 but found ${labelSmoothing}. Without it the loss is infinite; 0.001 is usual.`);
  return (scores) => {
    const ratios = logRatios(scores, 'exoPair');
    const margin = mul(sub(divergence(ratios.chosen), divergence(ratios.rejected)), beta);
    const side = (x: typeof margin, share: number): typeof margin => mul(sigmoid(x), sub(logSigmoid(x), Math.log(share)));
    return add(side(margin, 1 - labelSmoothing), side(neg(margin), labelSmoothing));
  };
}

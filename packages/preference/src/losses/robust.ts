import { add, div, mul, neg, sub } from '@llm/tensor';
import { type Divergence, reverseKl } from './divergence.ts';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, checkLabelSmoothing, logRatios, type PairLoss } from './pair-loss.ts';

export interface RobustOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** The share of pairs that are taken to be labelled the wrong way round; default 0. */
  readonly labelSmoothing?: number;
  /** What takes the place of the log-ratio; default `reverseKl()`, the log-ratio itself. */
  readonly divergence?: Divergence;
}

/**
 * Robust DPO: with labels that are wrong in a share ε of the pairs, its mean is that of DPO on the right ones.
 *
 *   (−(1 − ε) ln σ(βΔ) + ε ln σ(−βΔ)) / (1 − 2ε)
 *
 * Chowdhury et al. 2024, https://arxiv.org/abs/2403.00409
 */
export function robust({ beta = 0.1, labelSmoothing = 0, divergence = reverseKl() }: RobustOptions = {}): PairLoss {
  checkBeta(beta, 'robust');
  checkLabelSmoothing(labelSmoothing, 'robust');
  return (scores) => {
    const ratios = logRatios(scores, 'robust');
    const margin = mul(sub(divergence(ratios.chosen), divergence(ratios.rejected)), beta);
    return div(add(mul(logSigmoid(margin), labelSmoothing - 1), mul(logSigmoid(neg(margin)), labelSmoothing)), 1 - 2 * labelSmoothing);
  };
}

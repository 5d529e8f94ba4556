import { maximum, mul, sub } from '@llm/tensor';
import { type Divergence, reverseKl } from './divergence.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface HingeOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** What takes the place of the log-ratio; default `reverseKl()`, the log-ratio itself. */
  readonly divergence?: Divergence;
}

/**
 * A margin of 1 on the scaled difference, as SLiC has it.
 *
 *   max(0, 1 − β Δ),  Δ = r_chosen − r_rejected,  r = ln π(y) − ln π_ref(y)
 *
 * Zhao et al. 2023, https://arxiv.org/abs/2305.10425; Liu et al. 2023, https://arxiv.org/abs/2309.06657
 */
export function hinge({ beta = 0.1, divergence = reverseKl() }: HingeOptions = {}): PairLoss {
  checkBeta(beta, 'hinge');
  return (scores) => {
    const ratios = logRatios(scores, 'hinge');
    return maximum(sub(1, mul(sub(divergence(ratios.chosen), divergence(ratios.rejected)), beta)), 0);
  };
}

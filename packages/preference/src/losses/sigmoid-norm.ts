import { div, mul, neg, sub } from '@llm/tensor';
import { type Divergence, reverseKl } from './divergence.ts';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface SigmoidNormOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** What takes the place of the log-ratio; default `reverseKl()`, the log-ratio itself. */
  readonly divergence?: Divergence;
}

/**
 * DPO over averages of the tokens instead of sums, so that long completions do not weigh more. β wants to be larger than with sums.
 *
 *   −ln σ(β Δ̄),  Δ̄ = r_chosen / |chosen| − r_rejected / |rejected|,  r = ln π(y) − ln π_ref(y)
 *
 * Lambert et al. 2024 (Tülu 3), https://arxiv.org/abs/2411.15124
 */
export function sigmoidNorm({ beta = 0.1, divergence = reverseKl() }: SigmoidNormOptions = {}): PairLoss {
  checkBeta(beta, 'sigmoidNorm');
  return (scores) => {
    const ratios = logRatios(scores, 'sigmoidNorm');
    const { chosen, rejected } = scores.tokens;
    return neg(logSigmoid(mul(sub(div(divergence(ratios.chosen), chosen), div(divergence(ratios.rejected), rejected)), beta)));
  };
}

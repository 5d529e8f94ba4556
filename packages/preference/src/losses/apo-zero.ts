import { add, mul } from '@llm/tensor';
import { sigmoid } from './log-sigmoid.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface ApoZeroOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
}

/**
 * Anchored preference optimization for data better than the model: chosen becomes likelier, rejected less likely.
 *
 *   1 − σ(β r_chosen) + σ(β r_rejected),  r = ln π(y) − ln π_ref(y)
 *
 * D'Oosterlinck et al. 2024, https://arxiv.org/abs/2408.06266
 */
export function apoZero({ beta = 0.1 }: ApoZeroOptions = {}): PairLoss {
  checkBeta(beta, 'apoZero');
  return (scores) => {
    const { chosen, rejected } = logRatios(scores, 'apoZero');
    return add(sigmoid(mul(chosen, -beta)), sigmoid(mul(rejected, beta)));
  };
}

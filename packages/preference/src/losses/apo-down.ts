import { add, mul, sub } from '@llm/tensor';
import { sigmoid } from './log-sigmoid.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface ApoDownOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
}

/**
 * Anchored preference optimization for data worse than the model: both become less likely, rejected more so.
 *
 *   σ(β r_chosen) + 1 − σ(β (r_chosen − r_rejected)),  r = ln π(y) − ln π_ref(y)
 *
 * D'Oosterlinck et al. 2024, https://arxiv.org/abs/2408.06266
 */
export function apoDown({ beta = 0.1 }: ApoDownOptions = {}): PairLoss {
  checkBeta(beta, 'apoDown');
  return (scores) => {
    const { chosen, rejected } = logRatios(scores, 'apoDown');
    return add(sigmoid(mul(chosen, beta)), sigmoid(mul(sub(chosen, rejected), -beta)));
  };
}

import { add, mul, neg } from '@llm/tensor';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface BcoPairOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
}

/**
 * Binary classification of each completion by itself: chosen above, rejected below the reference.
 *
 *   −ln σ(β r_chosen) − ln σ(−β r_rejected),  r = ln π(y) − ln π_ref(y)
 *
 * Jung et al. 2024, https://arxiv.org/abs/2404.04656
 */
export function bcoPair({ beta = 0.1 }: BcoPairOptions = {}): PairLoss {
  checkBeta(beta, 'bcoPair');
  return (scores) => {
    const { chosen, rejected } = logRatios(scores, 'bcoPair');
    return neg(add(logSigmoid(mul(chosen, beta)), logSigmoid(mul(rejected, -beta))));
  };
}

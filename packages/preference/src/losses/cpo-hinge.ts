import { add, maximum, mul, sub } from '@llm/tensor';
import { alphaReward } from './alpha-reward.ts';
import { checkBeta, type PairLoss } from './pair-loss.ts';
import { sft } from './sft.ts';

export interface CpoHingeOptions {
  /** The scale of the margin; default 0.1. */
  readonly beta?: number;
  /** The weight of the negative log-likelihood of the chosen completions, by token; default 1. */
  readonly likelihood?: number;
  /** AlphaPO: rewards (1 − p^−α) / α in place of log-probabilities; default 0, none. */
  readonly alpha?: number;
}

/**
 * Contrastive preference optimization with a hinge.
 *
 *   max(0, 1 − β m) + λ NLL(chosen),  m = ln π(chosen) − ln π(rejected)
 *
 * Zhao et al. 2023, https://arxiv.org/abs/2305.10425
 */
export function cpoHinge({ beta = 0.1, likelihood = 1, alpha = 0 }: CpoHingeOptions = {}): PairLoss {
  checkBeta(beta, 'cpoHinge');
  const nll = sft();
  return (scores) => {
    const { chosen, rejected } = scores.policy;
    const loss = maximum(sub(1, mul(sub(alphaReward(chosen, alpha), alphaReward(rejected, alpha)), beta)), 0);
    return likelihood === 0 ? loss : add(loss, mul(nll(scores), likelihood));
  };
}

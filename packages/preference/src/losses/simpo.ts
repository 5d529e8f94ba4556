import { div, mul, neg, sub } from '@llm/tensor';
import { alphaReward } from './alpha-reward.ts';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, checkLabelSmoothing, type PairLoss } from './pair-loss.ts';

export interface SimpoOptions {
  /** The scale of the rewards; default 2, from the paper's range of 2 to 10. */
  readonly beta?: number;
  /** The margin that is aimed at, in units of scaled rewards; default 1, half of β. */
  readonly gamma?: number;
  /** The share of pairs that are taken to be labelled the wrong way round; default 0. */
  readonly labelSmoothing?: number;
  /** AlphaPO: rewards (1 − p^−α) / α of the mean token's probability; default 0, its logarithm. */
  readonly alpha?: number;
}

/**
 * Simple preference optimization: the reward is the policy's own mean log-probability of a token, so that no reference is needed.
 *
 *   −ln σ(β (r_chosen − r_rejected) − γ),  r = ln π(y) / |y|
 *
 * It is TRL's CPOTrainer with loss_type "simpo" and cpo_alpha 0, whose defaults (β 0.1, γ 0.5, cpo_alpha 1) are not the paper's.
 *
 * Meng et al. 2024, https://arxiv.org/abs/2405.14734
 */
export function simpo({ beta = 2, gamma = 1, labelSmoothing = 0, alpha = 0 }: SimpoOptions = {}): PairLoss {
  checkBeta(beta, 'simpo');
  checkLabelSmoothing(labelSmoothing, 'simpo');
  return ({ policy, tokens }) => {
    const reward = (side: 'chosen' | 'rejected'): typeof policy.chosen => alphaReward(div(policy[side], tokens[side]), alpha);
    const margin = sub(mul(sub(reward('chosen'), reward('rejected')), beta), gamma);
    const kept = neg(logSigmoid(margin));
    return labelSmoothing === 0 ? kept : sub(mul(kept, 1 - labelSmoothing), mul(logSigmoid(neg(margin)), labelSmoothing));
  };
}

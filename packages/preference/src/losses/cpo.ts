import { add, mul, neg, sub } from '@llm/tensor';
import { alphaReward } from './alpha-reward.ts';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, checkLabelSmoothing, type PairLoss } from './pair-loss.ts';
import { sft } from './sft.ts';

export interface CpoOptions {
  /** The scale of the margin; default 0.1. */
  readonly beta?: number;
  /** The weight of the negative log-likelihood of the chosen completions, by token; default 1. */
  readonly likelihood?: number;
  /** AlphaPO: rewards (1 − p^−α) / α in place of log-probabilities; default 0, none. */
  readonly alpha?: number;
  /** The share of pairs that are taken to be labelled the wrong way round; default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Contrastive preference optimization: DPO without a reference, held in place by the likelihood of the chosen completions.
 *
 *   −(1 − ε) ln σ(β m) − ε ln σ(−β m) + λ NLL(chosen),  m = ln π(chosen) − ln π(rejected)
 *
 * Xu et al. 2024, https://arxiv.org/abs/2401.08417
 */
export function cpo({ beta = 0.1, likelihood = 1, alpha = 0, labelSmoothing = 0 }: CpoOptions = {}): PairLoss {
  checkBeta(beta, 'cpo');
  checkLabelSmoothing(labelSmoothing, 'cpo');
  const nll = sft();
  return (scores) => {
    const { chosen, rejected } = scores.policy;
    const margin = mul(sub(alphaReward(chosen, alpha), alphaReward(rejected, alpha)), beta);
    const loss = neg(add(mul(logSigmoid(margin), 1 - labelSmoothing), mul(logSigmoid(neg(margin)), labelSmoothing)));
    return likelihood === 0 ? loss : add(loss, mul(nll(scores), likelihood));
  };
}

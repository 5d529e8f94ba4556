import { add, div, mul, square, sub } from '@llm/tensor';
import { alphaReward } from './alpha-reward.ts';
import { checkBeta, type PairLoss } from './pair-loss.ts';
import { sft } from './sft.ts';

export interface CpoIpoOptions {
  /** The τ of IPO: the margin that is aimed at is 1 / (2β); default 0.1. */
  readonly beta?: number;
  /** The weight of the negative log-likelihood of the chosen completions, by token; default 1. */
  readonly likelihood?: number;
  /** AlphaPO: rewards (1 − p^−α) / α in place of log-probabilities; default 0, none. */
  readonly alpha?: number;
}

/**
 * Contrastive preference optimization with a margin that is aimed at.
 *
 *   (m̄ − 1/(2β))² + λ NLL(chosen),  m̄ = ln π(chosen) / |chosen| − ln π(rejected) / |rejected|
 *
 * Azar et al. 2023, https://arxiv.org/abs/2310.12036
 */
export function cpoIpo({ beta = 0.1, likelihood = 1, alpha = 0 }: CpoIpoOptions = {}): PairLoss {
  checkBeta(beta, 'cpoIpo');
  const nll = sft();
  return (scores) => {
    const { policy, tokens } = scores;
    const margin = sub(alphaReward(div(policy.chosen, tokens.chosen), alpha), alphaReward(div(policy.rejected, tokens.rejected), alpha));
    const loss = square(sub(margin, 1 / (2 * beta)));
    return likelihood === 0 ? loss : add(loss, mul(nll(scores), likelihood));
  };
}

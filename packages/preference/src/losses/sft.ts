import { div, mul, sum } from '@llm/tensor';
import type { PairLoss } from './pair-loss.ts';

/**
 * The negative log-likelihood of the chosen completions, averaged over all tokens of the batch: to be mixed with other losses.
 *
 *   −n ln π(chosen_i) / Σ_j |chosen_j|,  whose mean over the n pairs is −Σ ln π(chosen) / Σ |chosen|
 */
export function sft(): PairLoss {
  return ({ policy, unweighed, tokens }) => div(mul((unweighed ?? policy).chosen, -policy.chosen.size), sum(tokens.chosen));
}

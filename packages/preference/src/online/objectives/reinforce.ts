import { mul, neg, tensor } from '@llm/tensor';
import type { Objective } from '../objective.ts';
import { type GroupOptions, groupObjective } from './group-terms.ts';

/**
 * REINFORCE: the plain policy gradient, without ratio and clipping, averaged over all tokens of the step; for one update a round. With
 * advantages that are only centred it is what nanochat trains with.
 *
 *   L = Σ_tokens (−A ln π + β kl) / tokens
 *
 * Williams 1992, https://doi.org/10.1007/BF00992696
 */
export function reinforce(options: Pick<GroupOptions, 'beta'> = {}): Objective {
  return groupObjective('reinforce', { ...options, counts: 'tokens', weights: () => 1, policy: (_ratio, { batch, logProbs }) => neg(mul(tensor(batch.advantages), logProbs)) });
}

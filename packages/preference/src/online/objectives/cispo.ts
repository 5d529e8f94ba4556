import { minimum, mul, neg, tensor } from '@llm/tensor';
import { withoutGradient } from '../../offline/without-gradient.ts';
import type { Objective } from '../objective.ts';
import { type GroupOptions, groupObjective } from './group-terms.ts';

/**
 * CISPO: the ratio is held below a bound and has no gradient, so that no token is left out of the update.
 *
 *   L = Σ_tokens (−stop(min(r, ratioMax)) A ln π + β kl) / tokens
 *
 * ratioMax 5 by default. MiniMax 2025, https://arxiv.org/abs/2506.13585; the bound is that of https://arxiv.org/abs/2510.13786
 */
export function cispo({ ratioMax = 5, ...options }: GroupOptions & { readonly ratioMax?: number } = {}): Objective {
  return groupObjective('cispo', {
    ...options, counts: 'tokens', weights: () => 1,
    policy: (ratio, { batch, logProbs }) => neg(mul(mul(withoutGradient(() => minimum(ratio, ratioMax)), tensor(batch.advantages)), logProbs)),
  });
}

import type { Objective } from '../objective.ts';
import { clipped, type ClipOptions } from './clipped.ts';
import { type GroupOptions, groupObjective, perLength } from './group-terms.ts';
import { sequenceRatio } from './ratio.ts';

/**
 * GSPO: one ratio for a whole completion, the geometric mean of those of its tokens, clipped as one.
 *
 *   s = exp(mean_tokens(ln π − ln π_old));  L = Σ_completions −min(s A, clip(s, 1 − ε, 1 + ε_high) A) / completions
 *
 * ε 3e-4 and ε_high 4e-4 by default, as in the paper. Zheng et al. 2025, https://arxiv.org/abs/2507.18071
 */
export function gspo({ epsilon = 3e-4, epsilonHigh = 4e-4, ...rest }: ClipOptions & Omit<GroupOptions, 'ratio'> = {}): Objective {
  const options = { epsilon, epsilonHigh, ...rest };
  return groupObjective('gspo', {
    ...options, ratio: sequenceRatio, counts: 'sequences', weights: perLength, policy: (ratio, terms) => clipped(ratio, terms, options),
  });
}

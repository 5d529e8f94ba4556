import type { Objective } from '../objective.ts';
import { clipped, type ClipOptions } from './clipped.ts';
import { type GroupOptions, groupObjective } from './group-terms.ts';
import { sequenceRatio } from './ratio.ts';

/**
 * LUSPO: GSPO with each completion weighted by its length, which removes the bias towards short ones.
 *
 *   s = exp(mean_tokens(ln π − ln π_old));  L = Σ_completions length · −min(s A, clip(s, 1 − ε, 1 + ε_high) A) / completions
 *
 * Liu et al. 2026, https://arxiv.org/abs/2602.05261
 */
export function luspo(options: ClipOptions & GroupOptions = {}): Objective {
  return groupObjective('luspo', { ratio: sequenceRatio, ...options, counts: 'sequences', weights: () => 1, policy: (ratio, terms) => clipped(ratio, terms, options) });
}

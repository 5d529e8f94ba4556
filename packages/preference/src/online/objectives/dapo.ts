import type { Objective } from '../objective.ts';
import { clipped, type ClipOptions } from './clipped.ts';
import { type GroupOptions, groupObjective } from './group-terms.ts';

/**
 * DAPO's objective, which is also TRL's default for GRPO: clipped ratios, averaged over all tokens of the step, so that a long completion
 * counts by its tokens.
 *
 *   L = Σ_tokens (−min(r A, clip(r, 1 − ε, 1 + ε_high) A) + β kl) / tokens
 *
 * The paper takes ε_high 0.28; the default here, as in TRL, is ε on both sides. Yu et al. 2025, https://arxiv.org/abs/2503.14476
 */
export function dapo(options: ClipOptions & GroupOptions = {}): Objective {
  return groupObjective('dapo', { ...options, counts: 'tokens', weights: () => 1, policy: (ratio, terms) => clipped(ratio, terms, options) });
}

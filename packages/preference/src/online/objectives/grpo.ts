import type { Objective } from '../objective.ts';
import { clipped, type ClipOptions } from './clipped.ts';
import { type GroupOptions, groupObjective, perLength } from './group-terms.ts';

/**
 * GRPO's objective as in its paper: the mean over the tokens of each completion, then over the completions of the step.
 *
 *   L = Σ_completions (1 / length) Σ_tokens (−min(r A, clip(r, 1 − ε, 1 + ε_high) A) + β kl) / completions
 *
 * Long wrong completions are so punished less for each token; `dapo` and `drGrpo` repair that. Shao et al. 2024, https://arxiv.org/abs/2402.03300
 */
export function grpo(options: ClipOptions & GroupOptions = {}): Objective {
  return groupObjective('grpo', { ...options, counts: 'sequences', weights: perLength, policy: (ratio, terms) => clipped(ratio, terms, options) });
}

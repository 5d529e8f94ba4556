import type { Objective } from '../objective.ts';
import { clipped, type ClipOptions } from './clipped.ts';
import { type GroupOptions, groupObjective } from './group-terms.ts';

/**
 * Dr. GRPO: a constant takes the place of the length, which removes the bias towards long wrong completions. Use it with advantages that
 * are not scaled by their deviation (`scale: unscaled`).
 *
 *   L = Σ_completions (1 / maxTokens) Σ_tokens (−min(r A, clip(r, 1 − ε, 1 + ε_high) A) + β kl) / completions
 *
 * `maxTokens` is that of the rollouts. Liu et al. 2025, https://arxiv.org/abs/2503.20783
 */
export function drGrpo({ maxTokens, ...options }: ClipOptions & GroupOptions & { readonly maxTokens: number }): Objective {
  if (!(maxTokens >= 1)) throw new RangeError(`drGrpo: expected maxTokens of 1 or more but found ${maxTokens}. Give that of the rollouts.`);
  return groupObjective('drGrpo', { ...options, counts: 'sequences', weights: () => 1 / maxTokens, policy: (ratio, terms) => clipped(ratio, terms, options) });
}

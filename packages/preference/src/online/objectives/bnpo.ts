import type { Objective } from '../objective.ts';
import { clipped, type ClipOptions } from './clipped.ts';
import { type GroupOptions, groupObjective } from './group-terms.ts';

/**
 * The clipped objective averaged over the tokens of each batch by itself, then over the batches of a step: with one batch a step the same
 * as `dapo`, with several it depends on how completions were shared out.
 *
 *   L = Σ_batches (1 / tokens of the batch) Σ_tokens (−min(r A, clip(r, 1 − ε, 1 + ε_high) A) + β kl) / batches
 */
export function bnpo(options: ClipOptions & GroupOptions = {}): Objective {
  return groupObjective('bnpo', {
    ...options, counts: 'batches', weights: ({ targets }) => 1 / targets.length, policy: (ratio, terms) => clipped(ratio, terms, options),
  });
}

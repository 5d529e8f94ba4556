import { exp, sum } from '@llm/tensor';
import type { Objective } from '../objective.ts';
import { clipped, type ClipOptions } from './clipped.ts';
import { ofCompletions } from './of-completions.ts';

/**
 * RLOO's objective: the ratio of a whole completion, the product over its tokens, clipped. Its advantages are those of `leaveOneOut`, with
 * the divergence from the reference already taken from the rewards.
 *
 *   L = Σ_completions −min(R A, clip(R, 1 − ε, 1 + ε_high) A) / completions,  R = Π_tokens π / π_old
 *
 * Ahmadian et al. 2024, https://arxiv.org/abs/2402.14740
 */
export function rloo(options: Omit<ClipOptions, 'delta'> = {}): Objective {
  return {
    name: 'rloo',
    counts: 'sequences',
    sum: ({ batch, logRatio, perSequence }) => sum(clipped(exp(perSequence(logRatio)), { batch: { advantages: ofCompletions(batch) } }, options)),
  };
}

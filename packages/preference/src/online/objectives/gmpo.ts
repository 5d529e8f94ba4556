import { div, exp, maximum, minimum, mul, neg, tensor, where } from '@llm/tensor';
import type { Objective } from '../objective.ts';
import { type GroupOptions, groupObjective, perLength } from './group-terms.ts';

/**
 * GMPO: the geometric mean of a completion's ratios, each held between e^−ε and e^ε_high where that lowers the objective.
 *
 *   L = Σ_completions −exp(mean_tokens(clip(ln r))) A / completions
 *
 * Zhao et al. 2025, https://arxiv.org/abs/2507.20673
 */
export function gmpo({ epsilon = 0.4, epsilonHigh = epsilon, ...options }: Omit<GroupOptions, 'ratio' | 'correctedKl'> & { readonly epsilon?: number; readonly epsilonHigh?: number } = {}): Objective {
  return groupObjective('gmpo', {
    ...options, correctedKl: false, counts: 'sequences', weights: perLength,
    policy: (_ratio, { batch: { advantages, tokenCounts }, logRatio, perSequence, perToken }) => {
      const good = tensor(Array.from(advantages, (advantage) => advantage > 0), undefined, 'bool');
      const held = where(good, minimum(logRatio, epsilonHigh), maximum(logRatio, -epsilon));
      const mean = exp(div(perSequence(held), tensor(tokenCounts)));
      return neg(mul(perToken(mean), tensor(advantages)));
    },
  });
}

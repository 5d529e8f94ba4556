import { add, div, exp, mul, neg, sub, tensor } from '@llm/tensor';
import type { Objective } from '../objective.ts';
import { type GroupOptions, groupObjective, perLength } from './group-terms.ts';

export interface SapoOptions extends GroupOptions {
  /** How fast the gate closes away from 1 where the advantage is positive, and where it is not; default 1 and 1.05. */
  readonly temperaturePositive?: number;
  readonly temperatureNegative?: number;
}

/**
 * SAPO: a soft gate takes the place of clipping, so that the gradient fades instead of stopping.
 *
 *   L = Σ_completions (1 / length) Σ_tokens −σ(τ (r − 1)) (4 / τ) A / completions
 *
 * Gao et al. 2025, https://arxiv.org/abs/2511.20347
 */
export function sapo({ temperaturePositive = 1, temperatureNegative = 1.05, ...options }: SapoOptions = {}): Objective {
  for (const [name, value] of Object.entries({ temperaturePositive, temperatureNegative })) {
    if (!(value > 0)) throw new RangeError(`sapo: expected ${name} above 0 but found ${value}`);
  }
  return groupObjective('sapo', {
    ...options, counts: 'sequences', weights: perLength,
    policy: (ratio, { batch: { advantages } }) => {
      const temperatures = advantages.map((advantage) => (advantage > 0 ? temperaturePositive : temperatureNegative));
      const gate = div(1, add(1, exp(neg(mul(sub(ratio, 1), tensor(temperatures))))));
      return neg(mul(gate, tensor(advantages.map((advantage, i) => 4 * advantage / temperatures[i]!))));
    },
  });
}

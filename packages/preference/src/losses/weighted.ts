import { add, mul } from '@llm/tensor';
import type { PairLoss } from './pair-loss.ts';

/**
 * Several losses at once, each with its weight.
 *
 *   Σ_k w_k L_k
 *
 * @example
 * ```ts
 * import { bcoPair, dpo, sft, weighted } from '@llm/preference';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * // Mixed preference optimization, https://arxiv.org/abs/2411.10442
 * const mpo = weighted([[dpo(), 0.8], [bcoPair(), 0.2], [sft(), 1]]);
 * const pair = { chosen: tensor([-8]), rejected: tensor([-6]) };
 * const [loss] = mpo({ policy: pair, reference: pair, tokens: { chosen: tensor([4]), rejected: tensor([3]) } }).dataSync();
 * if (Math.abs(loss! - (0.8 + 0.4) * Math.LN2 - 2) > 1e-5) throw new Error('ln 2 once, ln 2 twice, and 8 nats over 4 tokens');
 * ```
 */
export function weighted(losses: readonly (readonly [PairLoss, number])[]): PairLoss {
  if (losses.length === 0) throw new RangeError('weighted: expected at least one loss but found none');
  for (const [, weight] of losses) if (!Number.isFinite(weight)) throw new RangeError(`weighted: expected numbers for weights but found ${weight}`);
  return (scores) => losses.map(([loss, weight]) => mul(loss(scores), weight)).reduce((sum, each) => add(sum, each));
}

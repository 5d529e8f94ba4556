import { repeatedShare } from '../online/monitors/round-report.ts';
import type { Reward } from './reward.ts';

/**
 * A penalty for saying the same again: the share of n-grams of ids that were there before, times `penalty`.
 *
 *   (1 − different n-grams / n-grams) · penalty
 *
 * Yeo et al. 2025, https://arxiv.org/abs/2502.03373
 *
 * @throws RangeError for a penalty above 0.
 *
 * @example
 * ```ts
 * import { repetitionPenalty } from '@llm/preference';
 * const said = await repetitionPenalty({ n: 2 })({ ids: Int32Array.of(5, 5, 5, 5, 5), text: '', prompt: { ids: [] }, reason: 'eos' });
 * if (said !== -0.75) throw new Error('one of four pairs is new');
 * ```
 */
export function repetitionPenalty({ n = 3, penalty = -1 }: { n?: number; penalty?: number } = {}): Reward {
  if (!(penalty <= 0)) throw new RangeError(`repetitionPenalty: expected a penalty of at most 0 but found ${penalty}`);
  return ({ ids }) => {
    const repeated = repeatedShare(ids, n);
    return repeated === 0 ? 0 : repeated * penalty;
  };
}

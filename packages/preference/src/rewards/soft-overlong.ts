import type { Reward } from './reward.ts';

/**
 * A penalty that sets in `margin` tokens before the most and grows to −1.
 *
 *   0 up to maxTokens − margin;  (maxTokens − margin − length) / margin up to maxTokens;  −1 beyond
 *
 * Yu et al. 2025, eq. 13, https://arxiv.org/abs/2503.14476
 *
 * @throws RangeError for a margin outside [0, maxTokens].
 *
 * @example
 * ```ts
 * import { softOverlong } from '@llm/preference';
 * const said = await softOverlong({ maxTokens: 100, margin: 20 })({ ids: new Int32Array(90), text: '', prompt: { ids: [] }, reason: 'eos' });
 * if (said !== -0.5) throw new Error('halfway');
 * ```
 */
export function softOverlong({ maxTokens, margin }: { maxTokens: number; margin: number }): Reward {
  if (!(margin >= 0 && margin <= maxTokens)) throw new RangeError(`softOverlong: expected a margin in [0, ${maxTokens}] but found ${margin}`);
  return ({ ids: { length } }) => {
    if (length <= maxTokens - margin) return 0;
    return length <= maxTokens ? (maxTokens - margin - length) / margin : -1;
  };
}

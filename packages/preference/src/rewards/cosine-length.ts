import type { Prompt } from '../online/round.ts';
import type { Reward } from './reward.ts';

export interface CosineLengthOptions {
  /** From this length on the reward stays. */
  readonly maxTokens: number;
  /** Of a wrong answer, at length 0 and at `maxTokens`; default −1 and −0.5. */
  readonly wrong?: readonly [number, number];
  /** Of a right answer, at length 0 and at `maxTokens`; default 1 and 0.5. */
  readonly right?: readonly [number, number];
}

/**
 * Scales whether an answer is right by its length along half a cosine, so that a right answer is better brief and a wrong one better long.
 *
 *   r = long + ½ (short − long) (1 + cos(π · min(length / maxTokens, 1)))
 *
 * `correct` says how right an answer is: above 0 is right, undefined stays so. Yeo et al. 2025, https://arxiv.org/abs/2502.03373
 *
 * @example
 * ```ts
 * import { cosineLength } from '@llm/preference';
 * const reward = cosineLength(({ text }) => Number(text === '4'), { maxTokens: 100 });
 * const said = await reward({ text: '4', ids: new Int32Array(50), prompt: { ids: [] }, reason: 'eos' });
 * if (Math.abs(said! - 0.75) > 1e-12) throw new Error('halfway');
 * ```
 */
export function cosineLength<P extends Prompt>(correct: Reward<P>, { maxTokens, wrong = [-1, -0.5], right = [1, 0.5] }: CosineLengthOptions): Reward<P> {
  return async (answer) => {
    const said = await correct(answer);
    if (said === undefined) return undefined;
    const [short, long] = said > 0 ? right : wrong;
    const progress = Math.min(answer.ids.length / maxTokens, 1);
    return long + 0.5 * (short - long) * (1 + Math.cos(progress * Math.PI));
  };
}

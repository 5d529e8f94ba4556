import { byGroup, type AdvantageScale } from './advantage-scale.ts';
import { groupsOf, meanOf } from './statistics.ts';

/**
 * GRPO's advantages: how much better a completion is than the others of its prompt.
 *
 *   A = (r − mean of the group) / (deviation of the group + 1e-4)
 *
 * rewards [prompts · samples], prompt after prompt; the deviation is that of a sample (n − 1). A completion without a reward (NaN) takes
 * no part and gets 0, and so does every completion of a group whose rewards are all equal. Shao et al. 2024, https://arxiv.org/abs/2402.03300
 *
 * @throws RangeError where the rewards are not `samples` for each prompt.
 *
 * @example
 * ```ts
 * import { groupAdvantages } from '@llm/preference';
 * const [first, second, third, fourth] = groupAdvantages([1, 0, 5, 5], { samples: 2 });
 * if (Math.abs(first! + second!) > 1e-6 || !(first! > 0.7) || third !== 0 || fourth !== 0) throw new Error('± 1/√2, then nothing to learn');
 * ```
 */
export function groupAdvantages(rewards: ArrayLike<number>, { samples, scale = byGroup() }: { samples: number; scale?: AdvantageScale }): Float32Array {
  const groups = groupsOf('groupAdvantages', rewards, samples);
  const scales = scale(groups);
  return Float32Array.from(groups.flatMap((group, i) => {
    const mean = meanOf(group);
    return group.map((reward) => {
      const advantage = (reward - mean) / scales[i]!;
      return Number.isNaN(advantage) ? 0 : advantage;
    });
  }));
}

import { deviationOf } from './statistics.ts';

/** What the centred rewards of each group are divided by, from the rewards by group. */
export type AdvantageScale = (groups: readonly (readonly number[])[]) => readonly number[];

/** Each group by its own deviation, plus ε: 1e-4 as in TRL; verl takes 1e-6. */
export function byGroup({ epsilon = 1e-4 }: { epsilon?: number } = {}): AdvantageScale {
  return (groups) => groups.map((group) => deviationOf(group) + epsilon);
}

/** All by the deviation of all rewards, plus ε: easy and hard prompts keep their weight. Hu et al. 2025, https://arxiv.org/abs/2508.08221 */
export function byBatch({ epsilon = 1e-4 }: { epsilon?: number } = {}): AdvantageScale {
  return (groups) => {
    const deviation = deviationOf(groups.flat());
    return groups.map(() => deviation + epsilon);
  };
}

/** Not at all, as Dr. GRPO and nanochat do. */
export const unscaled: AdvantageScale = (groups) => groups.map(() => 1);

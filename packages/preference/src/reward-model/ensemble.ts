/** How the rewards that several models give one completion become one. */
export type Combine = (rewards: readonly number[]) => number;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of the models: less noise. */
export function meanReward(): Combine {
  return mean;
}

/** The least of the models: no completion is better than its harshest judge says. Coste et al. 2023, https://arxiv.org/abs/2310.02743 */
export function worstReward(): Combine {
  return (rewards) => Math.min(...rewards);
}

/** The mean less `penalty` times the variance between the models (default 1): where they disagree, the policy has left what they know. */
export function uncertainReward({ penalty = 1 }: { readonly penalty?: number } = {}): Combine {
  if (!(penalty >= 0)) throw new RangeError(`uncertainReward: expected a penalty from 0 on but found ${penalty}`);
  return (rewards) => {
    const middle = mean(rewards);
    return middle - penalty * mean(rewards.map((reward) => (reward - middle) ** 2));
  };
}

/**
 * One reward of each completion from those of several models: models × completions → completions.
 *
 * @throws RangeError for no models, or models with unequal numbers of rewards.
 *
 * @example
 * ```ts
 * import { ensembleRewards, worstReward } from '@llm/preference';
 * if (ensembleRewards([[1, 5], [2, 3]], worstReward()).join() !== '1,3') throw new Error('the least of each');
 * ```
 */
export function ensembleRewards(rewards: readonly ArrayLike<number>[], combine: Combine = meanReward()): number[] {
  const [first] = rewards;
  if (first === undefined) throw new RangeError('ensembleRewards: expected the rewards of at least one model but found none');
  for (const [i, each] of rewards.entries()) if (each.length !== first.length) throw new RangeError(`ensembleRewards: expected ${first.length} rewards of every model but found ${each.length} of model ${i}`);
  return Array.from({ length: first.length }, (_, i) => combine(rewards.map((each) => each[i]!)));
}

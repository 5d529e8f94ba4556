import { deviationOf, groupsOf, meanOf } from './statistics.ts';

/**
 * GDPO's advantages for several rewards: each is normalised within its group before they are added, so that none drowns the others, and the
 * sum is normalised over the batch.
 *
 *   s = Σ_k w_k (r_k − mean_group) / (deviation_group + 1e-4);  A = (s − mean_batch) / (deviation_batch + 1e-4)
 *
 * `each` holds the rewards of one function after the other, [prompts · samples], NaN where it gave none; a completion to which no function gave
 * one gets 0. Liu et al. 2026, https://arxiv.org/abs/2601.05242
 *
 * @throws RangeError where the rewards are not `samples` for each prompt, or weights and functions differ in number.
 */
export function normalizedObjectives(
  each: readonly ArrayLike<number>[], { samples, weights = each.map(() => 1), epsilon = 1e-4 }: { samples: number; weights?: readonly number[]; epsilon?: number },
): Float32Array {
  if (each.length === 0 || weights.length !== each.length) throw new RangeError(`normalizedObjectives: expected as many weights as reward functions, at least one, but found ${weights.length} for ${each.length}`);
  const normalized = each.map((rewards) => groupsOf('normalizedObjectives', rewards, samples).flatMap((group) => {
    const mean = meanOf(group);
    const deviation = deviationOf(group);
    return group.map((reward) => (reward - mean) / ((samples > 1 ? deviation : 0) + epsilon));
  }));
  const sums = Array.from({ length: each[0]!.length }, (_, i) => (
    each.every((rewards) => Number.isNaN(rewards[i])) ? NaN : normalized.reduce((sum, values, k) => sum + (Number.isNaN(values[i]) ? 0 : weights[k]! * values[i]!), 0)
  ));
  const mean = meanOf(sums);
  const deviation = sums.length > 1 ? deviationOf(sums) : 0;
  return Float32Array.from(sums, (sum) => {
    const advantage = (sum - mean) / (deviation + epsilon);
    return Number.isNaN(advantage) ? 0 : advantage;
  });
}

/** Where rewards lie and how far they spread. */
export interface RewardScale {
  readonly mean: number;
  readonly std: number;
}

/** Mean and sample standard deviation (n − 1) of some rewards, as a scale for others: measure it once on completions of the starting policy. */
export function rewardScale(rewards: ArrayLike<number>): RewardScale {
  const values = Array.from(rewards);
  if (values.length < 2) throw new RangeError(`rewardScale: expected at least two rewards but found ${values.length}`);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) };
}

/**
 * Rewards on a scale, and held within a range there.
 *
 *   clamp((r − mean) / (std + 1e-8), −limit, limit)
 *
 * The default limit is Infinity: none. `keepMean` divides only.
 */
export function scaleRewards(
  rewards: ArrayLike<number>, { mean, std, limit = Infinity, keepMean = false }: RewardScale & { readonly limit?: number; readonly keepMean?: boolean },
): number[] {
  if (!(std >= 0) || !(limit > 0)) throw new RangeError(`scaleRewards: expected std from 0 on and a limit above 0 but found ${std} and ${limit}`);
  return Array.from(rewards, (reward) => Math.min(limit, Math.max(-limit, (keepMean ? reward : reward - mean) / (std + 1e-8))));
}

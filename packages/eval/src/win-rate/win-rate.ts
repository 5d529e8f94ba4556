/** How a model fares against a baseline; shares from 0 to 1. */
export interface WinRate {
  /** The mean of the preferences. */
  readonly winRate: number;
  /** Of that mean: s/√n with n − 1 in s. */
  readonly standardError: number;
  /** Wins, and half of the draws, over all. */
  readonly discreteWinRate: number;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
  /** Comparisons without a verdict, which count nowhere. */
  readonly undecided: number;
}

/**
 * The win rate of a model over a baseline, from preferences: how likely its answer is the better one, from 0 to 1, ½ for a draw, undefined where the judge
 * could not say. AlpacaEval writes the same as 1 to 2.
 *
 * @throws RangeError for preferences outside 0 to 1, and where there are none.
 *
 * @example
 * ```ts
 * import { winRate } from '@llm/eval';
 * const { winRate: share, discreteWinRate, draws } = winRate([1, 0.75, 0.5, 0, undefined]);
 * if (share !== 0.5625 || discreteWinRate !== 0.625 || draws !== 1) throw new Error('two wins, a draw, a loss');
 * ```
 *
 * Dubois et al. 2023, https://arxiv.org/abs/2305.14387
 */
export function winRate(preferences: readonly (number | undefined)[]): WinRate {
  const given = decided(preferences, 'winRate');
  const mean = given.reduce((sum, value) => sum + value, 0) / given.length;
  const variance = given.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (given.length - 1);
  const wins = given.filter((value) => value > 0.5).length;
  const draws = given.filter((value) => value === 0.5).length;
  return {
    winRate: mean, standardError: Math.sqrt(variance / given.length), discreteWinRate: (wins + draws / 2) / given.length,
    wins, draws, losses: given.length - wins - draws, undecided: preferences.length - given.length,
  };
}

/** The preferences that are there, checked. */
export function decided(preferences: readonly (number | undefined)[], name: string): number[] {
  const given = preferences.filter((value) => value !== undefined);
  const wrong = given.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) throw new RangeError(`${name}: expected preferences from 0 to 1 but found ${wrong}. Subtract 1 from those of AlpacaEval.`);
  if (given.length === 0) throw new RangeError(`${name}: expected at least one preference but found none of ${preferences.length}. Ask a judge that answers.`);
  return given;
}

import { groupsOf, meanOf } from './statistics.ts';
import { whiten } from './whiten.ts';

export interface ReinforcePlusPlusOptions {
  /** Tokens of each completion. */
  readonly lengths: ArrayLike<number>;
  /** ln π_old − ln π_ref of each token; default none. */
  readonly kl?: ArrayLike<number>;
  /** What the divergence costs; default 0.01. */
  readonly beta?: number;
  /** Discounts what comes later; default 1. */
  readonly gamma?: number;
  /** With completions of each prompt: takes the mean of the group from the rewards first (REINFORCE++ with a baseline). */
  readonly samples?: number;
}

/**
 * REINFORCE++'s advantages, one for each token: the reward comes at the last token and every token costs its divergence from the reference;
 * what follows a token is added up, and all tokens of the batch are whitened together. Train on them with `dapo`.
 *
 *   R_t = Σ_{s ≥ t} γ^(s − t) (r · [s is last] − β kl_s);  A = whiten(R)
 *
 * Hu et al. 2025, https://arxiv.org/abs/2501.03262
 *
 * @throws RangeError where rewards, lengths and divergences do not fit.
 */
export function reinforcePlusPlus(rewards: ArrayLike<number>, { lengths, kl, beta = 0.01, gamma = 1, samples }: ReinforcePlusPlusOptions): Float32Array {
  const tokens = Array.from(lengths).reduce((sum, length) => sum + length, 0);
  if (lengths.length !== rewards.length || (kl !== undefined && kl.length !== tokens)) {
    throw new RangeError(`reinforcePlusPlus: expected a length for each of ${rewards.length} rewards and a divergence for each of ${tokens} tokens but found ${lengths.length} and ${kl?.length}`);
  }
  const scores = samples === undefined ? Array.from(rewards) : groupsOf('reinforcePlusPlus', rewards, samples).flatMap((group) => {
    const mean = meanOf(group);
    return group.map((reward) => reward - mean);
  });
  const returns = new Float64Array(tokens);
  let end = 0;
  for (const [i, score] of scores.entries()) {
    const begin = end;
    end += lengths[i]!;
    let following = 0;
    for (let t = end - 1; t >= begin; t--) {
      following = (t === end - 1 ? score : 0) - beta * (kl?.[t] ?? 0) + gamma * following;
      returns[t] = following;
    }
  }
  return Float32Array.from(whiten(returns));
}

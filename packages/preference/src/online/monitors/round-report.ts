import { deviationOf, meanOf } from '../advantages/statistics.ts';
import type { Round } from '../round.ts';

/** What a round looked like; all of it is a mean over the round. */
export interface RoundReport {
  readonly completions: number;
  readonly reward: number;
  readonly rewardDeviation: number;
  /** The share of groups whose rewards are all equal: nothing is learnt from them. */
  readonly flatGroups: number;
  /** Tokens of a completion. */
  readonly length: number;
  /** The share of completions that did not end by themselves. */
  readonly truncated: number;
  /** The share of 3-grams of a completion that it has said before. */
  readonly repetition: number;
  /** −ln π of the tokens that were drawn: an estimate of the entropy, in nats a token. */
  readonly entropy: number;
  /** ln π − ln π_ref summed over a completion, where the reference was scored. */
  readonly kl: number | undefined;
}

export interface RoundReportOptions {
  /** One for each completion, NaN where there is none. */
  readonly rewards: ArrayLike<number>;
  /** ln π_ref of every token. */
  readonly refLogProbs?: ArrayLike<number>;
}

/** The share of n-grams of a sequence that stood in it before. */
export function repeatedShare(ids: ArrayLike<number>, n: number): number {
  const total = ids.length - n + 1;
  if (total < 1) return 0;
  const seen = new Set(Array.from({ length: total }, (_, i) => Array.from({ length: n }, (_, j) => ids[i + j]).join()));
  return 1 - seen.size / total;
}

/**
 * What a round looked like, for monitors and logs. Nothing is computed anew: entropy and divergence come from the log-probabilities of
 * the sampling.
 *
 * @throws RangeError where rewards or log-probabilities do not fit.
 *
 * @example
 * ```ts
 * import { roundReport } from '@llm/preference';
 * const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length).fill(-2), reason: 'eos' as const });
 * const { length, reward, entropy } = roundReport({ groups: [{ prompt: { ids: [1] }, completions: [completion(2), completion(3, 4, 5)] }] }, { rewards: [0, 1] });
 * if (length !== 2 || reward !== 0.5 || entropy !== 2) throw new Error('means');
 * ```
 */
export function roundReport({ groups }: Pick<Round, 'groups'>, { rewards, refLogProbs }: RoundReportOptions): RoundReport {
  const all = groups.flatMap(({ completions }) => completions);
  if (rewards.length !== all.length) throw new RangeError(`roundReport: expected a reward for each of ${all.length} completions but found ${rewards.length}. Give NaN where there is none.`);
  const sampled = all.flatMap(({ logProbs }) => Array.from(logProbs));
  if (refLogProbs !== undefined && refLogProbs.length !== sampled.length) throw new RangeError(`roundReport: expected refLogProbs for ${sampled.length} tokens but found ${refLogProbs.length}`);
  let at = 0;
  const flat = groups.filter(({ completions }) => {
    const own = Array.from(rewards).slice(at, at += completions.length).filter((reward) => !Number.isNaN(reward));
    return own.every((reward) => reward === own[0]);
  });
  return {
    completions: all.length, reward: meanOf(rewards), rewardDeviation: deviationOf(rewards), flatGroups: flat.length / groups.length,
    length: meanOf(all.map(({ ids }) => ids.length)), truncated: meanOf(all.map(({ reason }) => Number(reason === 'length' || reason === 'context'))),
    repetition: meanOf(all.map(({ ids }) => repeatedShare(ids, 3))), entropy: -meanOf(sampled),
    kl: refLogProbs === undefined ? undefined : sampled.reduce((sum, value, t) => sum + value - refLogProbs[t]!, 0) / all.length,
  };
}

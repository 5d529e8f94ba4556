import { whiten } from '../advantages/whiten.ts';
import { gae } from '../advantages/gae.ts';
import type { Completion, Prompt, Round } from '../round.ts';

/** One completion with what PPO learns from it. */
export interface PpoSample {
  readonly prompt: Prompt;
  readonly completion: Completion;
  /** One a token each. */
  readonly oldLogProbs: Float32Array;
  readonly advantages: Float32Array;
  /** One a step: a token, and the state after the last one where the completion ended before the longest of its round. */
  readonly values: Float32Array;
  readonly returns: Float32Array;
}

export interface PpoSamplesOptions {
  /** One number for each completion. */
  readonly scores: ArrayLike<number>;
  /** ln π and ln π_ref of every token, one completion after the other. */
  readonly logProbs: ArrayLike<number>;
  readonly refLogProbs: ArrayLike<number>;
  /** The value before every token, then the value after each completion, as `tokenValues` gives them. */
  readonly values: ArrayLike<number>;
  /** What a token costs for its divergence from the reference; default 0.05. */
  readonly klCoef?: number;
  /** The estimate of that divergence from ln π_ref − ln π; default `k1`. */
  readonly kl?: (logRatio: number) => number;
  /** Default 1. */
  readonly gamma?: number;
  /** Default 0.95. */
  readonly lambda?: number;
  /** Taken from the score of a completion that did not end; default 0. */
  readonly missingEndPenalty?: number;
  /** Also scale the rewards of all steps to a deviation of 1; default false. */
  readonly whitenRewards?: boolean;
}

/** −(ln π_ref − ln π): unbiased. */
export const k1 = (logRatio: number): number => -logRatio;

/** e^d − 1 − d with d = ln π_ref − ln π: unbiased too, never negative, and steadier. http://joschu.net/blog/kl-approx.html */
export const k3 = (logRatio: number): number => Math.exp(logRatio) - 1 - logRatio;

/**
 * Rewards, advantages and returns of a round for PPO, as in InstructGPT.
 *
 *   reward_t = −klCoef · kl_t + [t is the end] score;  A, returns by GAE;  A whitened over all tokens
 *
 * The score comes at the state after the last token where a completion is shorter than the longest of the round, as in TRL, else at its
 * last token. Schulman et al. 2017, https://arxiv.org/abs/1707.06347; Ouyang et al. 2022, https://arxiv.org/abs/2203.02155
 *
 * @throws RangeError where scores, log-probabilities and values do not fit the round.
 */
export function ppoSamples<P extends Prompt>({ groups }: Pick<Round<P>, 'groups'>, options: PpoSamplesOptions): PpoSample[] {
  const { scores, logProbs, refLogProbs, values, klCoef = 0.05, kl = k1, gamma = 1, lambda = 0.95, missingEndPenalty = 0, whitenRewards = false } = options;
  const all = groups.flatMap(({ prompt, completions }) => completions.map((completion) => ({ prompt, completion })));
  const tokens = all.reduce((sum, { completion }) => sum + completion.ids.length, 0);
  for (const [name, found, expected] of [['scores', scores, all.length], ['logProbs', logProbs, tokens], ['refLogProbs', refLogProbs, tokens], ['values', values, tokens + all.length]] as const) {
    if (found.length !== expected) throw new RangeError(`ppoSamples: expected ${expected} ${name} for ${all.length} completions of ${tokens} tokens but found ${found.length}`);
  }
  const longest = all.reduce((most, { completion }) => Math.max(most, completion.ids.length), 0);
  let from = 0;
  const steps = all.map(({ prompt, completion }, i) => {
    const { length } = completion.ids;
    const count = length < longest ? length + 1 : length;
    const at = from;
    from += length;
    const rewards = Array.from({ length: count }, (_, t) => (t < length ? -klCoef * kl(refLogProbs[at + t]! - logProbs[at + t]!) : 0));
    rewards[count - 1]! += scores[i]! - (completion.reason === 'eos' ? 0 : missingEndPenalty);
    return {
      prompt, completion, rewards, oldLogProbs: Float32Array.from({ length }, (_, t) => logProbs[at + t]!),
      values: Float32Array.from({ length: count }, (_, t) => (t < length ? values[at + t]! : values[tokens + i]!)),
    };
  });
  const scaled = whitenRewards ? whiten(steps.flatMap(({ rewards }) => rewards), { shiftMean: false }) : Float64Array.from(steps.flatMap(({ rewards }) => rewards));
  let step = 0;
  const estimated = steps.map(({ rewards, values: own }) => gae(scaled.slice(step, step += rewards.length), own, { gamma, lambda }));
  const white = whiten(estimated.flatMap(({ advantages }, i) => [...advantages.slice(0, all[i]!.completion.ids.length)]));
  let token = 0;
  return steps.map(({ rewards: _, ...sample }, i) => ({
    ...sample, returns: Float32Array.from(estimated[i]!.returns), advantages: Float32Array.from(white.slice(token, token += sample.completion.ids.length)),
  }));
}

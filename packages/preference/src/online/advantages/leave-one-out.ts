import { deviationOf, groupsOf, meanOf } from './statistics.ts';

export interface LeaveOneOutOptions {
  readonly samples: number;
  /** Σ over the tokens of ln π_old − ln π_ref, for each completion: taken from its reward, `beta` times. */
  readonly kl?: ArrayLike<number>;
  /** Default 0.05, as in TRL. */
  readonly beta?: number;
  /** Bounds of the rewards, before the divergence is taken off; default none. */
  readonly clip?: readonly [number, number];
  /** Also centre and scale all advantages together; default false. */
  readonly normalize?: boolean;
}

/**
 * RLOO's advantages: the reward against the mean of the other completions of its prompt.
 *
 *   A = r − mean of the others,  r = clip(reward) − β · kl
 *
 * rewards [prompts · samples], NaN where a completion has none, which then gets 0. Ahmadian et al. 2024, https://arxiv.org/abs/2402.14740
 *
 * @throws RangeError where the rewards are not `samples` for each prompt.
 *
 * @example
 * ```ts
 * import { leaveOneOut } from '@llm/preference';
 * if (leaveOneOut([3, 0, 0], { samples: 3 }).join() !== '3,-1.5,-1.5') throw new Error('3 − 0, and 0 − 3/2 twice');
 * ```
 */
export function leaveOneOut(rewards: ArrayLike<number>, { samples, kl, beta = 0.05, clip, normalize = false }: LeaveOneOutOptions): Float32Array {
  if (kl !== undefined && kl.length !== rewards.length) throw new RangeError(`leaveOneOut: expected a divergence for each of ${rewards.length} completions but found ${kl.length}`);
  const held = Array.from(rewards, (reward, i) => (clip === undefined ? reward : Math.min(Math.max(reward, clip[0]), clip[1])) - (kl === undefined ? 0 : beta * kl[i]!));
  let advantages = groupsOf('leaveOneOut', held, samples).flatMap((group) => {
    const scored = group.filter((reward) => !Number.isNaN(reward));
    const sum = scored.reduce((total, reward) => total + reward, 0);
    return group.map((reward) => reward - (sum - reward) / (scored.length - 1));
  });
  if (normalize) {
    const mean = meanOf(advantages);
    const deviation = deviationOf(advantages);
    advantages = advantages.map((advantage) => (advantage - mean) / (deviation + 1e-4));
  }
  return Float32Array.from(advantages, (advantage) => (Number.isFinite(advantage) ? advantage : 0));
}

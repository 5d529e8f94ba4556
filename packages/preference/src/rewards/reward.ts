import type { Completion, Group, Prompt, Round } from '../online/round.ts';

/** A completion as a reward sees it. */
export interface Answer<P extends Prompt = Prompt> {
  readonly prompt: P;
  readonly ids: Int32Array;
  /** What the ids say, where `rewardRound` was given `decode`; without the end token. */
  readonly text: string;
  readonly reason: Completion['reason'];
}

/** How good an answer is; undefined where it cannot say. */
export type Reward<P extends Prompt = Prompt> = (answer: Answer<P>) => number | undefined | Promise<number | undefined>;

export interface RewardRoundOptions<P extends Prompt> {
  readonly rewards: readonly Reward<P>[];
  /** Default 1 each. */
  readonly weights?: readonly number[];
  /** Ids to text, without the special tokens. */
  readonly decode?: (ids: Int32Array) => string;
}

/** Rewards of a round; one for each completion, group after group, NaN where there is none. */
export interface Rewarded {
  /** Σ weight · reward over those that could say. */
  readonly rewards: Float64Array;
  /** Of each function by itself. */
  readonly each: readonly Float64Array[];
}

/**
 * Asks reward functions about every completion of a round, all at once, and adds what they say.
 *
 * @throws RangeError for weights that are not one for each function, and for rewards that are not finite.
 *
 * @example
 * ```ts
 * import { rewardRound } from '@llm/preference';
 * const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const });
 * const groups = [{ prompt: { ids: [1], answer: 7 }, completions: [completion(7), completion(8, 8)] }];
 * const { rewards } = await rewardRound({ groups }, { rewards: [({ ids, prompt }) => Number(ids[0] === prompt.answer), ({ ids }) => -ids.length], weights: [1, 0.1] });
 * if (rewards.join() !== '0.9,-0.2') throw new Error('right and brief, wrong and long');
 * ```
 */
export async function rewardRound<P extends Prompt>({ groups }: Pick<Round<P>, 'groups'>, options: RewardRoundOptions<P>): Promise<Rewarded> {
  const { rewards: functions, weights = functions.map(() => 1), decode } = options;
  if (functions.length === 0 || weights.length !== functions.length) throw new RangeError(`rewardRound: expected as many weights as rewards, at least one, but found ${weights.length} for ${functions.length}`);
  const answers = groups.flatMap(({ prompt, completions }: Group<P>) => completions.map(({ ids, reason }): Answer<P> => (
    { prompt, ids, reason, text: decode?.(reason === 'eos' ? ids.slice(0, -1) : ids) ?? '' })));
  const each = await Promise.all(functions.map(async (reward, k) => Float64Array.from(await Promise.all(answers.map(async (answer) => {
    const value = await reward(answer);
    if (value !== undefined && !Number.isFinite(value)) throw new RangeError(`rewardRound: expected a finite reward but found ${value} from function ${k}. Return undefined where it cannot say.`);
    return value ?? NaN;
  })))));
  const rewards = Float64Array.from(answers, (_, i) => {
    if (each.every((values) => Number.isNaN(values[i]))) return NaN;
    return each.reduce((sum, values, k) => (Number.isNaN(values[i]) ? sum : sum + weights[k]! * values[i]!), 0);
  });
  return { rewards, each };
}

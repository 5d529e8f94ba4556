import { sub, type Tensor } from '@llm/tensor';

/** One number for the chosen and one for the rejected completion of each pair: both [pairs]. */
export interface PairValues {
  readonly chosen: Tensor;
  readonly rejected: Tensor;
}

/** What a loss over pairs reads. Log-probabilities are in nats, summed over the tokens of a completion. */
export interface PairScores {
  readonly policy: PairValues;
  /** Those of the model that the policy started from; losses without a reference leave it alone. */
  readonly reference?: PairValues | undefined;
  /** How many tokens each completion has, as float32. */
  readonly tokens: PairValues;
  /** The policy's sums with every token counted in full, where LD-DPO weighs those of `policy`. */
  readonly unweighed?: PairValues | undefined;
  /** The policy's log-probability of each prompt after its first token, and how many tokens that is: [pairs] each, where the batch has prompts. */
  readonly prompts?: { readonly policy: Tensor; readonly tokens: Tensor } | undefined;
}

/** A loss over pairs: one number for each, [pairs], whose mean is the loss of the batch. */
export type PairLoss = (scores: PairScores) => Tensor;

/**
 * ln π(y) − ln π_ref(y) of both completions.
 *
 * @throws TypeError where there is no reference.
 */
export function logRatios({ policy, reference }: PairScores, name: string): PairValues {
  if (reference === undefined) {
    throw new TypeError(`${name}: expected log-probabilities of a reference but found none. Give the reference to the loss or to the batch, or use simpo, cpo or orpo, which need none.`);
  }
  return { chosen: sub(policy.chosen, reference.chosen), rejected: sub(policy.rejected, reference.rejected) };
}

/** Refuses an option outside its range. */
export function checkBeta(beta: number, name: string): void {
  if (!(beta > 0 && beta < Infinity)) throw new RangeError(`${name}: expected beta > 0 but found ${beta}`);
}

/** Refuses a share of wrong labels outside of [0, 1/2). */
export function checkLabelSmoothing(labelSmoothing: number, name: string): void {
  if (!(labelSmoothing >= 0 && labelSmoothing < 0.5)) throw new RangeError(`${name}: expected labelSmoothing from 0 to below 0.5, the share of wrong labels, but found ${labelSmoothing}`);
}

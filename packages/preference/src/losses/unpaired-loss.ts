import { sub, type Tensor } from '@llm/tensor';

/** What a loss over single completions reads: each [completions]; log-probabilities in nats, summed over the tokens of a completion. */
export interface UnpairedScores {
  readonly policy: Tensor;
  readonly reference: Tensor;
  /** 1 where the completion is desirable, 0 where it is not. */
  readonly desirable: Tensor;
  /** A scalar: how far the policy is from the reference (KTO), or what a reward is counted from (BCO). */
  readonly baseline?: Tensor | undefined;
  /** How much each completion counts, as BCO weighs undesirable ones by their prompts; default 1. */
  readonly weights?: Tensor | undefined;
}

/** A loss over single completions: one number for each, [completions], whose mean is the loss of the batch. */
export type UnpairedLoss = (scores: UnpairedScores) => Tensor;

/** ln π(y) − ln π_ref(y) of each completion. */
export function unpairedLogRatios({ policy, reference }: UnpairedScores): Tensor {
  return sub(policy, reference);
}

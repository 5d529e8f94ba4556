import type { Tensor } from '@llm/tensor';
import type { Counts, PolicyBatch } from './policy-batch.ts';

/** What an objective looks at. Everything is one number a token, [tokens], the completions one after the other. */
export interface PolicyTerms {
  readonly batch: PolicyBatch;
  /** ln π(token), with a gradient. */
  readonly logProbs: Tensor;
  /** ln π − ln π_old, with a gradient; 0 where the batch holds no old log-probabilities. */
  readonly logRatio: Tensor;
  /** Sums over each completion, [tokens] → [completions]. */
  perSequence(values: Tensor): Tensor;
  /** The number of its completion for each token, [completions] → [tokens]. */
  perToken(values: Tensor): Tensor;
}

/** A policy objective: the loss is its sum over all batches of a step, divided by what counts in them. */
export interface Objective {
  readonly name: string;
  readonly counts: Counts;
  sum(terms: PolicyTerms): Tensor;
}

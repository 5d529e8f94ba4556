import { bnpo } from '../objectives/bnpo.ts';
import { type PolicyBatch, policyBatch } from '../policy-batch.ts';
import type { PpoSample } from './ppo-samples.ts';

/** Some completions of a round for `ppoLoss`. */
export interface PpoBatch extends PolicyBatch {
  /** [tokens + completions], as `tokenValues` gives them: what they were, what they should be, and which count. */
  readonly oldValues: Float32Array;
  readonly returns: Float32Array;
  readonly steps: Float32Array;
}

const joined = (parts: readonly ArrayLike<number>[]): Float32Array => Float32Array.from(parts.flatMap((part) => Array.from(part)));

/**
 * A mini-batch of PPO: any of the samples of a round, in any order. It counts as one, so that a step of several averages over them.
 *
 * @throws RangeError for no samples.
 */
export function ppoBatch(samples: readonly PpoSample[]): PpoBatch {
  const groups = samples.map(({ prompt, completion }) => ({ prompt, completions: [completion] }));
  const batch = policyBatch({ groups }, {
    objective: bnpo(), advantages: joined(samples.map(({ advantages }) => advantages)), oldLogProbs: joined(samples.map(({ oldLogProbs }) => oldLogProbs)),
  });
  // Tokens first, then the state after each completion, which counts only where the sample has it.
  const steps = (of: (sample: PpoSample) => ArrayLike<number>): Float32Array => joined([
    ...samples.map((sample) => Array.from(of(sample)).slice(0, sample.completion.ids.length)), samples.map((sample) => of(sample)[sample.completion.ids.length] ?? 0),
  ]);
  return { ...batch, oldValues: steps(({ values }) => values), returns: steps(({ returns }) => returns), steps: steps(({ values }) => values.map(() => 1)) };
}

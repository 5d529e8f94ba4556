import type { EndReason } from '@llm/model';

/** A prompt to sample from: its ids, and whatever a reward needs to judge what follows. */
export interface Prompt {
  readonly ids: ArrayLike<number>;
}

/** What the policy said after a prompt. */
export interface Completion {
  /** Its tokens; the end token, where it came, is the last. */
  readonly ids: Int32Array;
  /** ln p of each token when it was drawn, under the sampling temperature. */
  readonly logProbs: Float32Array;
  readonly reason: EndReason;
}

/** The completions of one prompt, which are compared with each other. */
export interface Group<P extends Prompt = Prompt> {
  readonly prompt: P;
  readonly completions: readonly Completion[];
}

/** What was sampled from the same weights. */
export interface Round<P extends Prompt = Prompt> {
  /** Counts from 0. */
  readonly index: number;
  readonly temperature: number;
  readonly groups: readonly Group<P>[];
}

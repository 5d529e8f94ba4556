import type { Candidates } from './candidates.ts';

/** What a sampler may look at. */
export interface SamplerContext {
  /** The ids of the prompt and of what was generated so far. */
  readonly history: readonly number[];
  /** The next random number in [0, 1) of this row. */
  uniform(): number;
}

/** Turns candidates into fewer, or changed, ones; it changes nothing in place. */
export type Sampler = (list: Candidates, context: SamplerContext) => Candidates;

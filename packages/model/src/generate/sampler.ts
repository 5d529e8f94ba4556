import type { Candidates } from './candidates.ts';

/** What a sampler may look at. */
export interface SamplerContext {
  /** The ids of the prompt and of what was generated so far. */
  readonly history: readonly number[];
  /** The next random number in [0, 1) of this row. */
  uniform(): number;
}

/** What a sampler does where it is these, in this order, and nothing else; what is absent is off. */
export interface SamplerSettings {
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly temperature?: number;
}

/** Turns candidates into fewer, or changed, ones; it changes nothing in place. */
export interface Sampler {
  (list: Candidates, context: SamplerContext): Candidates;
  /** With them a graphics card draws by itself; a sampler without is run on the host, for which all logits are read. */
  readonly settings?: SamplerSettings;
}

/** A sampler that is told of by its settings. */
export function told(settings: SamplerSettings, sampler: (list: Candidates) => Candidates): Sampler {
  return Object.assign(sampler, { settings });
}

/** A sampler that is off. */
export const off: Sampler = told({}, (list) => list);

import type { Seed, Tensor } from '@llm/tensor';
import type { GuardState } from './guard.ts';
import type { LossScaleState } from './loss-scale.ts';
import type { OptimizerState } from './optimizer.ts';

/** What a loss gets beside parameters and batch. */
export interface LossContext {
  /** Divides the sum over this batch: the number of counted targets in all batches of the step; a scalar tensor where the step is compiled. */
  readonly denominator: number | Tensor;
  /**
   * A seed for dropout, different for every micro-batch and the same after a resume: on a graphics card in memory, so that a recorded
   * step drops other values each time. Give it to `dropout` as it is, and each place that drops a `site` of its own.
   */
  readonly seed: Seed;
}

/** A batch of any kind that says how many targets count in it. */
export interface Counted {
  readonly targetCount: number;
}

/** All that changes while training, beside the parameters: save it and a run goes on as if it had never stopped. */
export interface TrainingState {
  step: number;
  tokens: number;
  readonly optimizer: OptimizerState;
  readonly guard: GuardState;
  /** Where the loss is scaled. */
  lossScale?: LossScaleState;
}

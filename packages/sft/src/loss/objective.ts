import type { Tensor } from '@llm/tensor';

/** What is minimised, for each target. */
export interface Objective {
  /** The loss of each target from ln p, [...] → [...]; ignored targets come as 0 and must give 0. */
  readonly ofLogProbs: (logProbs: Tensor) => Tensor;
  /** Whether it is −ln p as it is, which needs no log-probability of its own where all targets weigh the same. */
  readonly isCrossEntropy: boolean;
}

import { neg } from '@llm/tensor';
import type { Objective } from './objective.ts';

/** The negative log-likelihood, −ln p. */
export function nll(): Objective {
  return { ofLogProbs: neg, isCrossEntropy: true };
}

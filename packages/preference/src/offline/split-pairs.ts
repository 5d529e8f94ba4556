import { slice, type Tensor } from '@llm/tensor';
import type { PairValues } from '../losses/pair-loss.ts';

/** The numbers of the chosen and of the rejected completions, out of one tensor that has the chosen ones first. */
export function splitPairs(values: Tensor, pairs: number): PairValues {
  return { chosen: slice(values, [0], [pairs]), rejected: slice(values, [pairs], [pairs]) };
}

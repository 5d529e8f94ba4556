import { add, mul, sub } from '@llm/tensor';
import type { KtoOptions } from './kto.ts';
import { sigmoid } from './log-sigmoid.ts';
import { checkBeta } from './pair-loss.ts';
import { unpairedLogRatios, type UnpairedLoss } from './unpaired-loss.ts';

/**
 * Anchored preference optimization over single completions: KTO whose reference point is 0.
 *
 *   w (1 − σ(±β r)),  r = ln π(y) − ln π_ref(y),  + where desirable, − where not
 *
 * D'Oosterlinck et al. 2024, https://arxiv.org/abs/2408.06266
 */
export function apoZeroUnpaired({ beta = 0.1, desirableWeight = 1, undesirableWeight = 1 }: KtoOptions = {}): UnpairedLoss {
  checkBeta(beta, 'apoZeroUnpaired');
  return (scores) => {
    const turn = mul(sub(1, mul(scores.desirable, 2)), beta);
    const weight = add(undesirableWeight, mul(scores.desirable, desirableWeight - undesirableWeight));
    return mul(weight, sigmoid(mul(turn, unpairedLogRatios(scores))));
  };
}

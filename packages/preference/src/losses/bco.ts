import { mul, neg, sub } from '@llm/tensor';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta } from './pair-loss.ts';
import { unpairedLogRatios, type UnpairedLoss } from './unpaired-loss.ts';

export interface BcoOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
}

/**
 * Binary classifier optimization: completions that are good or bad by themselves, told apart by a classifier whose logit is the reward.
 *
 *   −w ln σ(±β (r − z)),  r = ln π(y) − ln π_ref(y),  + where desirable, − where not
 *
 * z, the `baseline`, is the running mean of r that `rewardShift` keeps; w the `weights` of `densityRatio` for undesirable completions, else 1.
 *
 * @throws TypeError without a baseline.
 *
 * Jung et al. 2024, https://arxiv.org/abs/2404.04656
 */
export function bco({ beta = 0.1 }: BcoOptions = {}): UnpairedLoss {
  checkBeta(beta, 'bco');
  return (scores) => {
    const { baseline, desirable, weights } = scores;
    if (baseline === undefined) throw new TypeError('bco: expected a baseline but found none. Give the loss a rewardShift().');
    const turn = mul(sub(mul(desirable, 2), 1), beta);
    const loss = neg(logSigmoid(mul(turn, sub(unpairedLogRatios(scores), baseline))));
    return weights === undefined ? loss : mul(loss, weights);
  };
}

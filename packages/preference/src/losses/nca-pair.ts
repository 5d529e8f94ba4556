import { add, mul, neg } from '@llm/tensor';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface NcaPairOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
}

/**
 * Noise-contrastive alignment for pairs, which holds the likelihood of the chosen completion up.
 *
 *   −ln σ(β r_chosen) − ½ ln σ(−β r_chosen) − ½ ln σ(−β r_rejected),  r = ln π(y) − ln π_ref(y)
 *
 * Chen et al. 2024, https://arxiv.org/abs/2402.05369
 */
export function ncaPair({ beta = 0.1 }: NcaPairOptions = {}): PairLoss {
  checkBeta(beta, 'ncaPair');
  return (scores) => {
    const { chosen, rejected } = logRatios(scores, 'ncaPair');
    const noise = add(logSigmoid(mul(chosen, -beta)), logSigmoid(mul(rejected, -beta)));
    return neg(add(logSigmoid(mul(chosen, beta)), mul(noise, 0.5)));
  };
}

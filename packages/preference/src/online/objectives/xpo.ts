import { add, mul, neg, sum, tensor } from '@llm/tensor';
import { logSigmoid } from '../../losses/log-sigmoid.ts';
import type { Objective } from '../objective.ts';
import { pairMargins } from './pair-margins.ts';

/**
 * XPO: online DPO whose second completions come from the reference model, with a bonus for making those less likely, which explores.
 *
 *   L = Σ_pairs (−ln σ(β margin) + α ln π(second)) / pairs
 *
 * Xie et al. 2024, https://arxiv.org/abs/2405.21046
 */
export function xpo({ beta = 0.1, alpha = 1e-5 }: { readonly beta?: number; readonly alpha?: number } = {}): Objective {
  return {
    name: 'xpo',
    counts: 'pairs',
    sum: (terms) => {
      const second = tensor(Float32Array.from(terms.batch.sequenceOf, (sequence) => sequence % 2));
      return add(neg(sum(logSigmoid(mul(pairMargins('xpo', terms), beta)))), mul(sum(mul(terms.logProbs, second)), alpha));
    },
  };
}

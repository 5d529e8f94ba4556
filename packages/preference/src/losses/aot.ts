import { mul, neg, sub } from '@llm/tensor';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, checkLabelSmoothing, logRatios, type PairLoss } from './pair-loss.ts';
import { sorted } from './sorted.ts';

export interface AotOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** The share of pairs that are taken to be labelled the wrong way round; default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Alignment by optimal transport: the policy's distribution of margins over the batch shall dominate the reference's, so that the smallest is
 * compared with the smallest, and so on. Its value depends on which pairs share a batch.
 *
 *   −(1 − ε) ln σ(β δ_i) − ε ln σ(−β δ_i),  δ_i = sorted(m)_i − sorted(m_ref)_i,  m = ln π(chosen) − ln π(rejected)
 *
 * Melnyk et al. 2024, https://arxiv.org/abs/2406.05882
 */
export function aot({ beta = 0.1, labelSmoothing = 0 }: AotOptions = {}): PairLoss {
  checkBeta(beta, 'aot');
  checkLabelSmoothing(labelSmoothing, 'aot');
  return (scores) => {
    logRatios(scores, 'aot');
    const { policy, reference } = scores;
    const gap = mul(sub(sorted(sub(policy.chosen, policy.rejected)), sorted(sub(reference!.chosen, reference!.rejected))), beta);
    return neg(sub(mul(logSigmoid(gap), 1 - labelSmoothing), mul(logSigmoid(neg(gap)), -labelSmoothing)));
  };
}

import { mul, neg, sub } from '@llm/tensor';
import type { AotOptions } from './aot.ts';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, checkLabelSmoothing, logRatios, type PairLoss } from './pair-loss.ts';
import { sorted } from './sorted.ts';

/**
 * Alignment by optimal transport without pairs: the log-ratios of the chosen completions of a batch shall dominate those of the rejected ones,
 * whichever belongs to which. Its value depends on which pairs share a batch.
 *
 *   −(1 − ε) ln σ(β δ_i) − ε ln σ(−β δ_i),  δ_i = sorted(r_chosen)_i − sorted(r_rejected)_i,  r = ln π(y) − ln π_ref(y)
 *
 * Melnyk et al. 2024, https://arxiv.org/abs/2406.05882
 */
export function aotUnpaired({ beta = 0.1, labelSmoothing = 0 }: AotOptions = {}): PairLoss {
  checkBeta(beta, 'aotUnpaired');
  checkLabelSmoothing(labelSmoothing, 'aotUnpaired');
  return (scores) => {
    const { chosen, rejected } = logRatios(scores, 'aotUnpaired');
    const gap = mul(sub(sorted(chosen), sorted(rejected)), beta);
    return neg(sub(mul(logSigmoid(gap), 1 - labelSmoothing), mul(logSigmoid(neg(gap)), -labelSmoothing)));
  };
}

import { mul, neg, sub } from '@llm/tensor';
import { type Divergence, reverseKl } from './divergence.ts';
import { logSigmoid } from './log-sigmoid.ts';
import { checkBeta, checkLabelSmoothing, logRatios, type PairLoss } from './pair-loss.ts';

export interface DpoOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
  /** The share of pairs that are taken to be labelled the wrong way round; default 0. */
  readonly labelSmoothing?: number;
  /** What takes the place of the log-ratio; default `reverseKl()`, the log-ratio itself. */
  readonly divergence?: Divergence;
}

/**
 * Direct preference optimization; with label smoothing the conservative form.
 *
 *   −(1 − ε) ln σ(β Δ) − ε ln σ(−β Δ),  Δ = r_chosen − r_rejected,  r = ln π(y) − ln π_ref(y)
 *
 * TRL 1.16 has no label smoothing here; with ε = 0 both are the same.
 *
 * @throws RangeError for β ≤ 0 and ε outside [0, 0.5).
 *
 * @example
 * ```ts
 * import { dpo } from '@llm/preference';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const same = { chosen: tensor([-12]), rejected: tensor([-9]) };
 * const tokens = { chosen: tensor([5]), rejected: tensor([4]) };
 * const [loss] = dpo()({ policy: same, reference: same, tokens }).dataSync();
 * if (Math.abs(loss! - Math.LN2) > 1e-6) throw new Error('equal policies know nothing: ln 2');
 * ```
 *
 * Rafailov et al. 2023, https://arxiv.org/abs/2305.18290; Mitchell 2023 for the conservative form.
 */
export function dpo({ beta = 0.1, labelSmoothing = 0, divergence = reverseKl() }: DpoOptions = {}): PairLoss {
  checkBeta(beta, 'dpo');
  checkLabelSmoothing(labelSmoothing, 'dpo');
  return (scores) => {
    const ratios = logRatios(scores, 'dpo');
    const margin = mul(sub(divergence(ratios.chosen), divergence(ratios.rejected)), beta);
    const kept = neg(logSigmoid(margin));
    return labelSmoothing === 0 ? kept : sub(mul(kept, 1 - labelSmoothing), mul(logSigmoid(neg(margin)), labelSmoothing));
  };
}

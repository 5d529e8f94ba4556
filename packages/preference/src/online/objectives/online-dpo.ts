import { mul, neg, sum } from '@llm/tensor';
import { logSigmoid } from '../../losses/log-sigmoid.ts';
import type { Objective } from '../objective.ts';
import { pairMargins } from './pair-margins.ts';

/**
 * Online DPO: the policy's own completions in pairs, ranked by a judge, with advantages of 1 for the better and −1 for the worse.
 *
 *   L = Σ_pairs −ln σ(β (ln π/π_ref(winner) − ln π/π_ref(loser))) / pairs
 *
 * Guo et al. 2024, https://arxiv.org/abs/2402.04792
 */
export function onlineDpo({ beta = 0.1 }: { readonly beta?: number } = {}): Objective {
  return { name: 'onlineDpo', counts: 'pairs', sum: (terms) => neg(sum(logSigmoid(mul(pairMargins('onlineDpo', terms), beta)))) };
}

import { div, square, sub } from '@llm/tensor';
import { type Divergence, reverseKl } from './divergence.ts';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface IpoOptions {
  /** The τ of the paper: the margin that is aimed at is 1 / (2β); default 0.1. */
  readonly beta?: number;
  /** What takes the place of the log-ratio; default `reverseKl()`, the log-ratio itself. */
  readonly divergence?: Divergence;
}

/**
 * Identity preference optimization: a margin that is aimed at, so that certain preferences do not drive the policy away.
 *
 *   (Δ̄ − 1/(2β))²,  Δ̄ = r_chosen / |chosen| − r_rejected / |rejected|,  r = ln π(y) − ln π_ref(y)
 *
 * Ratios are averaged over tokens, as the authors have it and TRL does.
 *
 * Azar et al. 2023, https://arxiv.org/abs/2310.12036
 */
export function ipo({ beta = 0.1, divergence = reverseKl() }: IpoOptions = {}): PairLoss {
  checkBeta(beta, 'ipo');
  return (scores) => {
    const ratios = logRatios(scores, 'ipo');
    const margin = sub(div(divergence(ratios.chosen), scores.tokens.chosen), div(divergence(ratios.rejected), scores.tokens.rejected));
    return square(sub(margin, 1 / (2 * beta)));
  };
}

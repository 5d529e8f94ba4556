import { add, square, sub } from '@llm/tensor';
import { checkBeta, logRatios, type PairLoss } from './pair-loss.ts';

export interface SppoHardOptions {
  /** How strongly the policy is held to the reference; default 0.1. */
  readonly beta?: number;
}

/**
 * Self-play preference optimization with hard labels: the winner's log-ratio is pulled to 1/(2β), the loser's to −1/(2β).
 *
 *   (r_chosen − 1/(2β))² + (r_rejected + 1/(2β))²,  r = ln π(y) − ln π_ref(y)
 *
 * Wu et al. 2024, https://arxiv.org/abs/2405.00675
 */
export function sppoHard({ beta = 0.1 }: SppoHardOptions = {}): PairLoss {
  checkBeta(beta, 'sppoHard');
  return (scores) => {
    const { chosen, rejected } = logRatios(scores, 'sppoHard');
    return add(square(sub(chosen, 0.5 / beta)), square(add(rejected, 0.5 / beta)));
  };
}

import { exp, mul, sub, type Tensor } from '@llm/tensor';

/**
 * The reward of AlphaPO in place of a log-probability; with α = 0 the log-probability itself.
 *
 *   r = (1 − p^−α) / α,  p = e^(ln p)
 *
 * Gupta et al. 2025, https://arxiv.org/abs/2501.03884
 */
export function alphaReward(logProbs: Tensor, alpha: number): Tensor {
  return alpha === 0 ? logProbs : mul(sub(1, exp(mul(logProbs, -alpha))), 1 / alpha);
}

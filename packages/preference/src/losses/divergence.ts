import { add, exp, minimum, mul, neg, sub, type Tensor } from '@llm/tensor';
import { logSigmoid } from './log-sigmoid.ts';

/** The slope of an f-divergence as a function of the log-ratio r = ln π − ln π_ref: what takes the place of r in a loss. */
export type Divergence = (logRatio: Tensor) => Tensor;

/**
 * The divergence of plain DPO: r itself.
 *
 * Wang et al. 2023, Beyond Reverse KL, https://arxiv.org/abs/2309.16240, for this and the others.
 */
export function reverseKl(): Divergence {
  return (logRatio) => logRatio;
}

/** KL(π_ref ‖ π): 1 − e^−r. */
export function forwardKl(): Divergence {
  return (logRatio) => sub(1, exp(neg(logRatio)));
}

/** Jensen and Shannon's divergence: ln 2 + ln σ(r). */
export function jensenShannon(): Divergence {
  return (logRatio) => add(Math.LN2, logSigmoid(logRatio));
}

/** The α-divergence: (e^((α − 1) r) − 1) / (α − 1), r itself at α = 1. The exponent stops at 80, where float32 ends. Default α 0.5. */
export function alphaDivergence({ alpha = 0.5 }: { alpha?: number } = {}): Divergence {
  if (!Number.isFinite(alpha)) throw new RangeError(`alphaDivergence: expected a number for alpha but found ${alpha}`);
  if (Math.abs(alpha - 1) < 1e-6) return reverseKl();
  return (logRatio) => mul(sub(exp(minimum(mul(logRatio, alpha - 1), 80)), 1), 1 / (alpha - 1));
}

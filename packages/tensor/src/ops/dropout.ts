import { dropout as kernel } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/**
 * Zeroes each value with probability p and scales the rest by 1/(1 − p).
 *
 * The mask is a function of `seed` alone (counter-based Philox), so it is the same on every device, and again when a
 * checkpointed segment runs twice. Srivastava et al. 2014; Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405
 */
export function dropout(x: Tensor, p: number, { seed }: { seed: number }): Tensor {
  if (!(p >= 0 && p < 1)) throw new RangeError(`dropout: expected 0 ≤ p < 1 but found ${p}`);
  if (p === 0) return x;
  const uniforms = { p, seedLow: seed >>> 0, seedHigh: Math.floor(seed / 2 ** 32) >>> 0 };
  const apply = (x: Tensor): Tensor => call(kernel, { inputs: { x }, dims: { count: x.size }, uniforms, outputs: { y: x.shape } }).y;
  return differentiable({ inputs: { x }, forward: () => apply(x), backward: (dy) => ({ x: () => apply(dy) }) });
}

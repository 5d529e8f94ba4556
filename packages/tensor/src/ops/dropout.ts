import { dropout as kernel } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';
import { type Seed, seedOf } from '../seed.ts';

/**
 * Zeroes each value with probability p and scales the rest by 1/(1 − p).
 *
 * The mask is a function of `seed` and `site` alone (counter-based Philox), so it is the same on every device, and again when a
 * checkpointed segment runs twice. Each place that drops under one seed takes a site of its own, a whole number in [0, 2³²), and
 * no two of them share a mask. Srivastava et al. 2014; Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405
 */
export function dropout(x: Tensor, p: number, { seed, site = 0 }: { readonly seed: Seed; readonly site?: number }): Tensor {
  if (!(p >= 0 && p < 1)) throw new RangeError(`dropout: expected 0 ≤ p < 1 but found ${p}`);
  if (!Number.isInteger(site) || site < 0 || site >= 2 ** 32) throw new RangeError(`dropout: expected site to be a whole number in [0, 2^32) but found ${site}. Number the places that drop.`);
  if (p === 0) return x;
  const apply = (x: Tensor, { inputs, uniforms }: ReturnType<typeof seedOf>): Tensor => (
    call(kernel, { inputs: { x, ...inputs }, dims: { count: x.size }, uniforms: { p, site, ...uniforms }, outputs: { y: x.shape } }).y
  );
  return differentiable({
    inputs: { x },
    forward(save) {
      if (typeof seed !== 'number') save([seed]);
      return apply(x, seedOf(seed));
    },
    backward: (dy, [kept]) => ({ x: () => apply(dy, seedOf(kept ?? seed)) }),
  });
}

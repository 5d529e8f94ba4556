import { rmsNorm as kernel, rmsNormBackward } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/**
 * Root-mean-square normalisation over the last axis.
 *
 *   y = weight · x / √(mean(x²) + eps)
 *
 * x [..., width], weight [width] → [..., width]. Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467
 */
export function rmsNorm(x: Tensor, weight: Tensor, { eps = 1e-6 }: { eps?: number } = {}): Tensor {
  const width = x.shape.at(-1) ?? 0;
  if (weight.rank !== 1 || weight.size !== width) {
    throw new RangeError(`rmsNorm: expected x [..., width] and weight [width] but found [${x.shape.join(', ')}] and [${weight.shape.join(', ')}]`);
  }
  const dims = { rows: width === 0 ? 0 : x.size / width, cols: width };
  return differentiable({
    inputs: { x, weight },
    forward: (save) => {
      const { y, rstd } = call(kernel, { inputs: { x, weight }, dims, uniforms: { eps }, outputs: { y: x.shape, rstd: true } });
      save([x, weight, rstd]);
      return y;
    },
    backward: (dy, [x, weight, rstd]) => {
      const { dx, dweight } = call(rmsNormBackward, { inputs: { dy, x, weight, rstd }, dims, outputs: { dx: dy.shape, dweight: weight!.shape } });
      return { x: () => dx, weight: () => dweight };
    },
  });
}

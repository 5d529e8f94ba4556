import { layerNorm as kernel, layerNormBackward } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/**
 * Layer normalisation over the last axis.
 *
 *   y = weight · (x − mean(x)) / √(var(x) + eps) + bias
 *
 * x [..., width], weight and bias [width] → [..., width]. Ba et al. 2016, https://arxiv.org/abs/1607.06450
 */
export function layerNorm(x: Tensor, weight: Tensor, { bias, eps = 1e-5 }: { bias?: Tensor; eps?: number } = {}): Tensor {
  const width = x.shape.at(-1) ?? 0;
  if (weight.rank !== 1 || weight.size !== width || (bias !== undefined && bias.size !== weight.size)) {
    throw new RangeError(`layerNorm: expected x [..., width] and weight and bias [width] but found [${x.shape.join(', ')}] and [${weight.shape.join(', ')}]`);
  }
  const dims = { rows: width === 0 ? 0 : x.size / width, cols: width };
  return differentiable({
    inputs: { x, weight, bias },
    forward: (save) => {
      const { y, mean, rstd } = call(kernel, { inputs: { x, weight, bias }, dims, uniforms: { eps }, outputs: { y: x.shape, mean: true, rstd: true } });
      save([x, weight, mean, rstd]);
      return y;
    },
    backward: (dy, [x, weight, mean, rstd]) => {
      const { dx, dweight, dbias } = call(layerNormBackward, {
        inputs: { dy, x, weight, mean, rstd }, dims,
        outputs: { dx: dy.shape, dweight: weight!.shape, dbias: bias?.shape },
      });
      return { x: () => dx, weight: () => dweight, bias: () => dbias! };
    },
  });
}

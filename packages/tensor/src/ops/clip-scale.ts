import { clipScale as kernel } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';

/**
 * The factor that brings a gradient down to a norm of `maxNorm`, without reading anything.
 *
 *   min(1, maxNorm / (norm + 1e-6)), and NaN where norm or loss is not finite
 *
 * norm [1], loss [1] → [1]. An optimizer leaves everything as it is where the scale is NaN.
 */
export function clipScale(norm: Tensor, loss: Tensor, { maxNorm }: { maxNorm: number }): Tensor {
  return call(kernel, { inputs: { norm, loss }, dims: { one: 1 }, uniforms: { maxNorm: Math.min(maxNorm, 3e38) }, outputs: { scale: [1] } }).scale;
}

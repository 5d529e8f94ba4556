import { logSoftmax as kernel, logSoftmaxBackward } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/**
 * The logarithm of softmax, exact where softmax itself would be 0.
 *
 *   y_i = x_i − ln Σ_j exp(x_j)
 *
 * x [..., width] → [..., width], over the last axis.
 */
export function logSoftmax(x: Tensor): Tensor {
  const cols = x.shape.at(-1) ?? 1;
  const dims = { rows: x.size / Math.max(1, cols), cols };
  return differentiable({
    inputs: { x },
    forward: (save) => {
      const { y } = call(kernel, { inputs: { x }, dims, outputs: { y: x.shape } });
      save([y]);
      return y;
    },
    backward: (dy, [y]) => ({ x: () => call(logSoftmaxBackward, { inputs: { dy, y }, dims, outputs: { dx: dy.shape } }).dx }),
  });
}

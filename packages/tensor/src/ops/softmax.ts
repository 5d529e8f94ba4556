import { softmax as kernel, softmaxBackward } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/** softmax(x)_i = exp(x_i − max x) / Σ_j exp(x_j − max x) over the last axis. */
export function softmax(x: Tensor): Tensor {
  const cols = x.shape.at(-1) ?? 1;
  const dims = { rows: x.size / Math.max(1, cols), cols };
  return differentiable({
    inputs: { x },
    forward: (save) => {
      const { y } = call(kernel, { inputs: { x }, dims, outputs: { y: x.shape } });
      save([y]);
      return y;
    },
    backward: (dy, [y]) => ({ x: () => call(softmaxBackward, { inputs: { dy, y }, dims, outputs: { dx: dy.shape } }).dx }),
  });
}

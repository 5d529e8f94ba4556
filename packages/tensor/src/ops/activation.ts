import { ACTIVATIONS, type Activation, activation as kernel, activationBackward } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/**
 * An activation, element by element: `gelu` x·Φ(x), `geluTanh` its tanh form, `silu` x·σ(x), `relu`, `relu2` max(0, x)².
 *
 * Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415
 */
export function activate(x: Tensor, activation: Activation): Tensor {
  return differentiable({
    inputs: { x },
    forward: (save) => {
      save([x]);
      return call(kernel, { inputs: { x }, dims: { count: x.size }, uniforms: { activation: ACTIVATIONS[activation] }, outputs: { y: x.shape } }).y;
    },
    backward: (dy, [x]) => ({ x: () => activationGradient(dy, x!, activation) }),
  });
}

/** dy · f′(x). */
export function activationGradient(dy: Tensor, x: Tensor, activation: Activation): Tensor {
  return call(activationBackward, {
    inputs: { dy, x }, dims: { count: x.size }, uniforms: { activation: ACTIVATIONS[activation] }, outputs: { dx: dy.shape },
  }).dx;
}

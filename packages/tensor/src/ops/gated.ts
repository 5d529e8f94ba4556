import { ACTIVATIONS, type Activation, gated as kernel, gatedBackward } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/**
 * The gate of a gated MLP.
 *
 *   y = activation(gate) · up
 *
 * gate and up of one shape, y like them. Shazeer 2020, https://arxiv.org/abs/2002.05202
 */
export function gated(gate: Tensor, up: Tensor, { activation = 'silu' }: { activation?: Activation } = {}): Tensor {
  if (gate.shape.join() !== up.shape.join()) {
    throw new RangeError(`gated: expected gate and up of one shape but found [${gate.shape.join(', ')}] and [${up.shape.join(', ')}]`);
  }
  const uniforms = { activation: ACTIVATIONS[activation] };
  const dims = { count: gate.size };
  return differentiable({
    inputs: { gate, up },
    forward: (save) => {
      save([gate, up]);
      return call(kernel, { inputs: { gate, up }, dims, uniforms, outputs: { y: gate.shape } }).y;
    },
    backward: (dy, [gate, up]) => {
      const { dgate, dup } = call(gatedBackward, { inputs: { dy, gate, up }, dims, uniforms, outputs: { dgate: dy.shape, dup: dy.shape } });
      return { gate: () => dgate, up: () => dup };
    },
  });
}

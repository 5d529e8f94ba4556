import type { Tensor } from '@tensorflow/tfjs-core';
import { internals } from './engine.ts';

/**
 * An operation with its own gradient. `forward` may keep tensors with `save`; `backward` gets dL/dy and what was saved, and
 * returns for each input how to compute its gradient, so that an input that needs none costs nothing.
 */
export function differentiable(definition: {
  readonly inputs: Readonly<Record<string, Tensor | undefined>>;
  forward(save: (tensors: Tensor[]) => void): Tensor;
  backward(dy: Tensor, saved: Tensor[]): Readonly<Record<string, () => Tensor>>;
}): Tensor {
  const inputs: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(definition.inputs)) if (tensor !== undefined) inputs[name] = tensor;
  return internals().runKernelFunc({
    forwardFunc: (_backend, save) => definition.forward(save),
    backwardsFunc: (dy, saved) => definition.backward(dy, saved),
    inputs,
    attrs: {},
  });
}

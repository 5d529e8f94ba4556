import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { internals } from './engine.ts';

/**
 * An operation with its own gradient. `forward` may keep tensors with `save`; `backward` gets dL/dy and what was saved, and
 * returns for each input how to compute its gradient, so that an input that needs none costs nothing. With several results,
 * `backward` gets the gradient of each.
 */
export function differentiable<Y extends Tensor | Tensor[] = Tensor>(definition: {
  readonly inputs: Readonly<Record<string, Tensor | undefined>>;
  forward(save: (tensors: Tensor[]) => void): Y;
  backward(dy: Y, saved: Tensor[]): Readonly<Record<string, () => Tensor>>;
}): Y {
  // Where nothing is recorded, the engine's bookkeeping would cost more than a small kernel.
  if (!internals().isTapeOn()) return tidy(() => definition.forward(() => {}));
  const inputs: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(definition.inputs)) if (tensor !== undefined) inputs[name] = tensor;
  let several = false;
  return internals().runKernelFunc({
    // Saved only once the forward pass has ended well: what the engine keeps before an error would never be freed.
    forwardFunc: (_backend, save) => {
      let kept: Tensor[] = [];
      const y = definition.forward((tensors) => { kept = tensors; });
      save(kept);
      several = Array.isArray(y);
      return y;
    },
    // The engine gives the gradient of an array of one as that one's.
    backwardsFunc: (dy, saved) => definition.backward((several && !Array.isArray(dy) ? [dy] : dy) as Y, saved),
    inputs,
    attrs: {},
  }) as Y;
}

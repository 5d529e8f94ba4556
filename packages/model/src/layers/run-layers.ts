import { checkpointed, flatten, scope, type Tensor, type Tree, withTensors } from '@llm/tensor';

/** Receives intermediate values by name. */
export type Capture = (name: string, value: Tensor) => void;

/**
 * Runs the layers one after the other; `recompute` keeps only each layer's input for the backward pass.
 *
 * What a layer makes and neither the backward pass nor `capture` needs is freed before the next one runs.
 */
export function runLayers(x: Tensor, layers: Tree, { count, recompute, capture, layer }: {
  count: number;
  recompute: boolean;
  capture: Capture | undefined;
  layer: (x: Tensor, params: Tree, at: { index: number; capture: Capture | undefined }) => Tensor;
}): Tensor {
  if (recompute && capture !== undefined) {
    throw new RangeError('apply: expected either checkpointed or capture but found both. A recomputed layer keeps no intermediate values; turn checkpointed off.');
  }
  for (let index = 0; index < count; index++) {
    const params = layers[index] as Tree | undefined;
    if (params === undefined) throw new RangeError(`apply: expected ${count} layers but found ${Object.keys(layers).length}. Check the number of layers against the checkpoint.`);
    const before = x;
    x = recompute ? recomputed(before, params, (x, params) => layer(x, params, { index, capture })) : run(before, params, { index, capture, layer });
    // The backward pass holds what it needs of it; a captured value belongs to the caller.
    if (capture === undefined) before.dispose();
  }
  return x;
}

function run(x: Tensor, params: Tree, { index, capture, layer }: {
  index: number; capture: Capture | undefined; layer: (x: Tensor, params: Tree, at: { index: number; capture: Capture | undefined }) => Tensor;
}): Tensor {
  const captured: [string, Tensor][] = [];
  const collect: Capture | undefined = capture && ((name, value) => captured.push([name, value]));
  const [y] = scope(() => [layer(x, params, { index, capture: collect }), ...captured.map(([, value]) => value)]);
  for (const [name, value] of captured) capture?.(name, value);
  return y!;
}

function recomputed(x: Tensor, params: Tree, layer: (x: Tensor, params: Tree) => Tensor): Tensor {
  const tensors = flatten(params);
  const names = Object.keys(tensors);
  const segment = (x: Tensor, ...values: Tensor[]): Tensor => layer(x, withTensors(params, Object.fromEntries(names.map((name, i) => [name, values[i]!]))));
  return checkpointed(segment)(x, ...Object.values(tensors));
}

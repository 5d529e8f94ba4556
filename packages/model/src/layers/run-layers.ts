import { checkpointed, flatten, scope, type Tensor, type Tree, withTensors } from '@llm/tensor';
import type { ModelInputs } from '../model.ts';

/** Receives intermediate values by name. */
export type Capture = (name: string, value: Tensor) => void;

/**
 * Runs the layers one after the other; `recompute` keeps only each layer's input for the backward pass.
 *
 * What a layer makes and neither the backward pass nor `capture` needs is freed before the next one runs.
 */
export function runLayers(x: Tensor, layers: Tree, { count, recompute, capture, inputs, layer }: {
  count: number;
  recompute: boolean;
  capture: Capture | undefined;
  inputs: ModelInputs;
  layer: (x: Tensor, params: Tree, at: { index: number; capture: Capture | undefined; inputs: ModelInputs }) => Tensor;
}): Tensor {
  if (recompute && capture !== undefined) {
    throw new RangeError('apply: expected either checkpointed or capture but found both. A recomputed layer keeps no intermediate values; turn checkpointed off.');
  }
  for (let index = 0; index < count; index++) {
    const params = layers[index] as Tree | undefined;
    if (params === undefined) throw new RangeError(`apply: expected ${count} layers but found ${Object.keys(layers).length}. Check the number of layers against the checkpoint.`);
    const before = x;
    x = recompute ? recomputed(before, params, { inputs, layer: (x, params, inputs) => layer(x, params, { index, capture, inputs }) })
      : run(before, params, { index, capture, layer: (x, params, at) => layer(x, params, { ...at, inputs }) });
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

/** Positions and segments go in as arguments, so that they are alive when the layer is run again. */
function recomputed(x: Tensor, params: Tree, { inputs, layer }: { inputs: ModelInputs; layer: (x: Tensor, params: Tree, inputs: ModelInputs) => Tensor }): Tensor {
  const tensors = Object.entries(flatten(params));
  const { positions, segments } = inputs;
  const marks = Object.entries({ positions, segments }).filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  const pick = (entries: readonly [string, Tensor][], values: readonly Tensor[]): Record<string, Tensor> => Object.fromEntries(entries.map(([name], i) => [name, values[i]!]));
  const segment = (x: Tensor, ...values: Tensor[]): Tensor => (
    layer(x, withTensors(params, pick(tensors, values)), { ...inputs, ...pick(marks, values.slice(tensors.length)) })
  );
  return checkpointed(segment)(x, ...[...tensors, ...marks].map(([, tensor]) => tensor));
}

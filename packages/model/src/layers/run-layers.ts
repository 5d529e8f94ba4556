import { checkpointed, flatten, scope, type Tensor, type Tree, withTensors } from '@llm/tensor';

/** Receives intermediate values by name. */
export type Capture = (name: string, value: Tensor) => void;

/** Receives what a layer gives beside its states. */
export type Note = (value: Tensor) => void;

/**
 * Runs the layers one after the other; `recompute` keeps only each layer's input for the backward pass.
 *
 * `inputs` is what all layers share: positions, masks, the states that a decoder reads. What a layer makes and neither the backward
 * pass nor `capture` needs is freed before the next one runs. `note` receives what layers give beside their states, in their order and
 * with gradients, of recomputed ones too.
 */
export function runLayers<Inputs extends object>(x: Tensor, layers: Tree, { count, recompute, capture, inputs, note, layer }: {
  count: number;
  recompute: boolean;
  capture: Capture | undefined;
  inputs: Inputs;
  note?: Note | undefined;
  layer: (x: Tensor, params: Tree, at: { index: number; capture: Capture | undefined; inputs: Inputs; note: Note | undefined }) => Tensor;
}): Tensor {
  if (recompute && capture !== undefined) {
    throw new RangeError('apply: expected either checkpointed or capture but found both. A recomputed layer keeps no intermediate values; turn checkpointed off.');
  }
  for (let index = 0; index < count; index++) {
    const params = layers[index] as Tree | undefined;
    if (params === undefined) throw new RangeError(`apply: expected ${count} layers but found ${Object.keys(layers).length}. Check the number of layers against the checkpoint.`);
    const before = x;
    x = recompute ? recomputed(before, params, { inputs, note, layer: (x, params, at) => layer(x, params, { ...at, index, capture }) })
      : run(before, { capture, note, layer: (x, at) => layer(x, params, { ...at, index, inputs }) });
    // The backward pass holds what it needs of it; a captured value belongs to the caller.
    if (capture === undefined) before.dispose();
  }
  return x;
}

function run(x: Tensor, { capture, note, layer }: {
  capture: Capture | undefined; note: Note | undefined; layer: (x: Tensor, at: { capture: Capture | undefined; note: Note | undefined }) => Tensor;
}): Tensor {
  const captured: [string, Tensor][] = [];
  const noted: Tensor[] = [];
  const at = {
    capture: capture && ((name: string, value: Tensor): void => { captured.push([name, value]); }),
    note: note && ((value: Tensor): void => { noted.push(value); }),
  };
  const [y] = scope(() => [layer(x, at), ...captured.map(([, value]) => value), ...noted]);
  for (const [name, value] of captured) capture?.(name, value);
  for (const value of noted) note?.(value);
  return y!;
}

/** What the layers share goes in as arguments, so that it is alive when the layer is run again, and gets its gradients. */
function recomputed<Inputs extends object>(x: Tensor, params: Tree, { inputs, note, layer }: {
  inputs: Inputs; note: Note | undefined; layer: (x: Tensor, params: Tree, at: { inputs: Inputs; note: Note | undefined }) => Tensor;
}): Tensor {
  const tensors = Object.entries(flatten(params));
  // No layer reads the ids.
  const marks = Object.entries(inputs).filter((entry): entry is [string, Tensor] => entry[0] !== 'ids' && isTensor(entry[1]));
  const pick = (entries: readonly [string, Tensor][], values: readonly Tensor[]): Record<string, Tensor> => Object.fromEntries(entries.map(([name], i) => [name, values[i]!]));
  const segment = (x: Tensor, ...values: Tensor[]): Tensor | Tensor[] => {
    const noted: Tensor[] = [];
    const own = { ...inputs, ...pick(marks, values.slice(tensors.length)) };
    const y = layer(x, withTensors(params, pick(tensors, values)), { inputs: own, note: note && ((value) => { noted.push(value); }) });
    return noted.length === 0 ? y : [y, ...noted];
  };
  const [y, ...noted] = [checkpointed(segment)(x, ...[...tensors, ...marks].map(([, tensor]) => tensor))].flat();
  for (const value of noted) note?.(value);
  return y!;
}

const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'dataId' in value;

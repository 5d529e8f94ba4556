import { checkpointed, flatten, type Tensor, type Tree, withTensors } from '@llm/tensor';

/** Runs the layers one after the other; `recompute` keeps only each layer's input for the backward pass. */
export function runLayers(
  x: Tensor,
  layers: Tree,
  { count, recompute, layer }: { count: number; recompute: boolean; layer: (x: Tensor, params: Tree, index: number) => Tensor },
): Tensor {
  for (let index = 0; index < count; index++) {
    const params = layers[index] as Tree | undefined;
    if (params === undefined) throw new RangeError(`runLayers: expected ${count} layers but found ${Object.keys(layers).length}. Check num_hidden_layers against the checkpoint.`);
    if (!recompute) {
      x = layer(x, params, index);
      continue;
    }
    const tensors = flatten(params);
    const names = Object.keys(tensors);
    x = checkpointed((x: Tensor, ...values: Tensor[]) => layer(x, withTensors(params, Object.fromEntries(names.map((name, i) => [name, values[i]!]))), index))(x, ...Object.values(tensors));
  }
  return x;
}

import {
  disposeTree, fromFloat32, isWeight, type Leaf, leaves, type LazyTensor, type RawTensor, tensor, toFloat32, type Tree, unflatten,
} from '@llm/tensor';
import type { CheckpointDtype } from '../config/config.ts';
import { ModelError } from '../errors.ts';
import { heldAs } from '../layers/held-as.ts';
import type { Model } from '../model.ts';
import { partOf } from './fused-experts.ts';
import { matchTensors, type Twin } from './match-tensors.ts';

/** A parameter in float32 with the values of a stored tensor, which keeps its own bytes. */
export function leafOf(name: string, raw: RawTensor): Leaf {
  const values = toFloat32(raw);
  return heldAs(name, tensor(values.buffer === raw.data.buffer ? values.slice() : values, [...raw.shape], 'float32'));
}

/** Refuses a tied tensor that is stored again with other values: which one is meant cannot be known. */
export function checkTwin({ again, stored }: Twin, { first, second }: { first: RawTensor; second: RawTensor }): void {
  const a = toFloat32(first);
  const b = toFloat32(second);
  if (a.length !== b.length || a.some((value, i) => !Object.is(value, b[i]))) {
    throw new ModelError('E_WEIGHTS', `loadPretrained: expected a tied tensor but found ${again} that differs from ${stored}. Set tie_word_embeddings to false, or remove it.`);
  }
}

/**
 * The parameter tree of a model from the tensors of a checkpoint, converted to float32.
 *
 * Names may lack the prefix of the whole model, and the experts of a layer may be one tensor; masks, frequencies and position ids that old files carry are passed over, as are
 * heads of BERT for other tasks.
 *
 * @throws ModelError E_WEIGHTS listing the first five tensors that are missing, unexpected, or of another shape; nothing is
 * ever filled with random numbers.
 *
 * @example
 * ```ts
 * import { createModel, paramsFromTensors, tensorsFromParams } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 4, n_head: 2, n_layer: 1 });
 * const params = model.init(7);
 * const again = paramsFromTensors(model, await tensorsFromParams(model, params, { dtype: 'F32' }));
 * if (Object.keys(again).join() !== 'transformer') throw new Error('a tied head is not stored');
 * disposeTree(params);
 * disposeTree(again);
 * ```
 */
export function paramsFromTensors(model: Pick<Model, 'parameters'>, tensors: ReadonlyMap<string, RawTensor>): Tree {
  const { matches, twins } = matchTensors(model, tensors);
  for (const twin of twins) checkTwin(twin, { first: tensors.get(twin.stored)!, second: tensors.get(twin.again)! });
  const entries: [string, Leaf][] = [];
  try {
    for (const { parameter, stored, part } of matches) entries.push([parameter.name, leafOf(parameter.name, partOf(tensors.get(stored)!, part))]);
    return unflatten(entries);
  } catch (error) {
    disposeTree(Object.fromEntries(entries));
    throw error;
  }
}

/** The largest number that rounds to a finite float16 lies below this. */
const F16_LIMIT = 65_520;

function rounded(name: string, values: Float32Array, { dtype, shape }: { dtype: CheckpointDtype; shape: readonly number[] }): Uint8Array {
  const beyond = dtype === 'F16' ? values.findIndex((value) => Math.abs(value) >= F16_LIMIT && Math.abs(value) < Infinity) : -1;
  if (beyond >= 0) {
    throw new ModelError('E_WEIGHTS', `tensorsFromParams: expected numbers that F16 can hold but found ${values[beyond]} in ${name}. Save it as BF16 or F32.`);
  }
  return fromFloat32(values, dtype, { shape }).data;
}

/** The tensors of a tree under their names, each read and rounded only when its turn to be written comes. */
export function lazyTensors(model: Pick<Model, 'parameters'>, params: Tree, { dtype = 'F32' }: { dtype?: CheckpointDtype } = {}): Map<string, LazyTensor> {
  const found = new Map(leaves(params));
  const problems: string[] = [];
  const lazy = new Map<string, LazyTensor>();
  for (const { name, shape } of model.parameters) {
    const leaf = found.get(name);
    found.delete(name);
    if (leaf === undefined) {
      problems.push(`${name} is missing`);
      continue;
    }
    if (isWeight(leaf) && leaf.data === undefined) {
      throw new ModelError('E_WEIGHT_LEAF', `tensorsFromParams: expected tensors but found a weight that applies itself at ${name}. Merge or dequantize the tree first.`);
    }
    if (leaf.shape.join() !== shape.join()) problems.push(`${name} has shape [${leaf.shape.join(', ')}] where the configuration has [${shape.join(', ')}]`);
    lazy.set(name, { dtype, shape, data: async () => rounded(name, (await leaf.data!()) as Float32Array, { dtype, shape }) });
  }
  for (const name of found.keys()) problems.push(`${name} is no parameter of this model`);
  if (problems.length > 0) {
    throw new ModelError('E_WEIGHTS', `tensorsFromParams: expected the ${model.parameters.length} tensors of the model but found ${problems.length} that differ: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}. Save the parameters with the model they belong to.`);
  }
  return lazy;
}

/**
 * The tensors of a parameter tree as they are stored in a checkpoint, rounded to `dtype` (default F32); a tied head once, as
 * the embedding.
 *
 * @throws ModelError E_WEIGHT_LEAF for a leaf that is not a plain tensor, E_WEIGHTS for a tree of another model.
 */
export async function tensorsFromParams(
  model: Pick<Model, 'parameters'>, params: Tree, options: { dtype?: CheckpointDtype } = {},
): Promise<Map<string, RawTensor>> {
  const tensors = new Map<string, RawTensor>();
  for (const [name, { dtype, shape, data }] of lazyTensors(model, params, options)) {
    tensors.set(name, { dtype, shape, data: (await data()) as Uint8Array });
  }
  return tensors;
}

import { createModel, type ModelConfig } from '@llm/model';
import { scope, type Tensor, unflatten } from '@llm/tensor';
import { leavesOf, ownTensor, type ParameterOrigin, type Source, type Student } from './parameter-map.ts';

/** The number of a layer within a parameter's name. */
const LAYER = /^(.*?\b(?:layers?|h)\.)(\d+)(\..*)$/;

/**
 * A student with some of its teacher's layers, in the order that is given, and everything else of it.
 *
 * Which ones: `everyNth`, `spreadLayers`, `firstLayers`, `lastLayers`, or numbers of one's own. What the configuration says layer by layer, as
 * which of them have a sliding window, goes with them.
 *
 * @throws RangeError for no layers, and for numbers of layers that the teacher does not have; TypeError for a weight that shows no matrix.
 *
 * @example
 * ```ts
 * import { dropLayers, everyNth } from '@llm/distill';
 * import { createModel } from '@llm/model';
 * import { disposeTree, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 4 });
 * const { model: student, params, map } = dropLayers({ model, params: model.init(0) }, { keep: everyNth(4, 2) });
 * const second = map.find(({ to }) => to === 'transformer.h.1.ln_1.weight');
 * if (student.shape.layers !== 2 || second?.from !== 'transformer.h.2.ln_1.weight') throw new Error('layers 0 and 2');
 * disposeTree(params);
 * ```
 *
 * Sanh et al. 2019, https://arxiv.org/abs/1910.01108
 */
export function dropLayers(teacher: Source, { keep }: { readonly keep: readonly number[] }): Student {
  const { layers } = teacher.model.shape;
  if (keep.length === 0 || keep.some((layer) => !(Number.isSafeInteger(layer) && layer >= 0 && layer < layers))) {
    throw new RangeError(`dropLayers: expected to keep some of layers 0 to ${layers - 1} but found ${keep.length === 0 ? 'none' : keep.join(', ')}. Use everyNth or spreadLayers.`);
  }
  const model = createModel(withLayers(teacher.model.config, layers, keep));
  const source = leavesOf(teacher);
  const map: ParameterOrigin[] = [];
  const params = scope(() => model.parameters.filter(({ name }) => source.has(fromName(name, keep))).map(({ name }): [string, Tensor] => {
    const from = fromName(name, keep);
    const tensor = ownTensor(source.get(from)!, from);
    map.push({ to: name, shape: tensor.shape, from, fromShape: tensor.shape });
    return [name, tensor];
  }));
  return { model, params: unflatten(params), map };
}

function fromName(name: string, keep: readonly number[]): string {
  return name.replace(LAYER, (_whole, before: string, layer: string, after: string) => `${before}${keep[Number(layer)]}${after}`);
}

/** The configuration of fewer layers; lists with one entry a layer are cut in the same way. */
function withLayers(config: ModelConfig, layers: number, keep: readonly number[]): ModelConfig {
  const entries = Object.entries(config as unknown as Record<string, unknown>).map(([key, value]): [string, unknown] => {
    if (key === 'layers') return [key, keep.length];
    if (key === 'denseLayers' && Array.isArray(value)) return [key, keep.flatMap((layer, i) => (value.includes(layer) ? [i] : []))];
    return [key, Array.isArray(value) && value.length === layers && key.endsWith('Layers') ? keep.map((layer) => value[layer] as unknown) : value];
  });
  return Object.fromEntries(entries) as unknown as ModelConfig;
}

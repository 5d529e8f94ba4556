import { createModel, type LlamaConfig, type Model, type ModelConfig } from '@llm/model';
import { gather, isWeight, type Leaf, leaves, type Tensor, tensor, type Tree, unflatten } from '@llm/tensor';
import { STRUCTURED, type StructureImportance } from './structure-importance.ts';

/** How many parts are to stay; what is not given stays whole. */
export interface StructureOptions {
  readonly importance: StructureImportance;
  /** Heads of queries in each layer; heads that share keys and values go together. */
  readonly heads?: number;
  /** Places inside each MLP. */
  readonly mlpWidth?: number;
  readonly layers?: number;
}

/** A smaller model of the same kind. */
export interface Structured {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
  /** The numbers, in the model before, of the layers that stayed. */
  readonly layers: readonly number[];
}

/** The places of the `count` largest values, in their own order. */
function largest(values: ArrayLike<number>, count: number): number[] {
  return Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b).slice(0, count).sort((a, b) => a - b);
}

function checkCount(name: string, count: number, most: number, step = 1): void {
  if (!Number.isInteger(count) || count < 1 || count > most || count % step !== 0) {
    throw new RangeError(`pruneStructure: expected ${name} from ${step} to ${most}${step === 1 ? '' : `, in steps of ${step} that share keys and values,`} but found ${count}.`);
  }
}

/**
 * A model with fewer heads, narrower MLPs or fewer layers, the least important left out: plain smaller matrices and the configuration that
 * belongs to them, so that everything that runs the model runs the smaller one faster. It wants some training afterwards.
 *
 * New tensors for what changes; the rest is shared. Models of Llama, Qwen2 and Qwen3.
 *
 * @throws RangeError for other architectures and for counts that cannot be.
 *
 * @example
 * ```ts
 * import { pruneStructure, structureImportance } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4 });
 * const ids = Int32Array.of(1, 2, 3);
 * const batch = { rows: 1, length: 3, ids, positions: Int32Array.of(0, 1, 2), segments: new Int32Array(3), packed: false, restarts: false };
 * const params = model.init(0);
 * const small = pruneStructure(model, params, { importance: await structureImportance(model, params, { batches: [batch] }), heads: 2, mlpWidth: 16, layers: 1 });
 * if (small.model.shape.layers !== 1 || small.model.shape.mlpWidth !== 16) throw new Error('half of everything');
 * ```
 */
export function pruneStructure(model: Model<ModelConfig>, params: Tree, { importance, heads, mlpWidth, layers }: StructureOptions): Structured {
  const { shape } = model;
  if (!(STRUCTURED as readonly string[]).includes(model.config.modelType)) throw new RangeError(`pruneStructure: expected a model of ${STRUCTURED.join(', ')} but found ${model.config.modelType}.`);
  const config = model.config as LlamaConfig;
  const shared = shape.heads / shape.kvHeads;
  if (heads !== undefined) checkCount('heads', heads, shape.heads, shared);
  if (mlpWidth !== undefined) checkCount('a width', mlpWidth, shape.mlpWidth);
  if (layers !== undefined) checkCount('layers', layers, shape.layers);
  const kept = layers === undefined ? Array.from({ length: shape.layers }, (_, i) => i) : largest(importance.layers, layers);
  const entries: [string, Leaf][] = [];
  for (const [path, leaf] of leaves(params)) {
    const [, number, rest] = /^model\.layers\.(\d+)\.(.*)$/.exec(path) ?? [];
    if (number === undefined) entries.push([path, leaf]);
    const place = kept.indexOf(Number(number));
    if (number === undefined || place < 0) continue;
    entries.push([`model.layers.${place}.${rest}`, cut(leaf, rest!, {
      groups: heads === undefined ? undefined : largest(importance.heads[Number(number)]!, heads / shared),
      neurons: mlpWidth === undefined ? undefined : largest(importance.neurons[Number(number)]!, mlpWidth),
      shared, headDim: shape.headDim, path,
    })]);
  }
  const { slidingLayers, slidingWindow, ...plain } = config;
  const sliding = slidingLayers && kept.map((i) => slidingLayers[i]!);
  const smaller: LlamaConfig = {
    ...plain, layers: kept.length,
    ...(heads === undefined ? {} : { heads, kvHeads: heads / shared }), ...(mlpWidth === undefined ? {} : { intermediateSize: mlpWidth }),
    ...(slidingWindow === undefined || sliding?.includes(true) === false ? {} : { slidingWindow, ...(sliding === undefined ? {} : { slidingLayers: sliding }) }),
  };
  return { model: createModel(smaller), params: unflatten(entries), layers: kept };
}

/** The part of a tensor of a layer that belongs to what stays. */
function cut(leaf: Leaf, name: string, { groups, neurons, shared, headDim, path }: {
  groups: readonly number[] | undefined; neurons: readonly number[] | undefined; shared: number; headDim: number; path: string;
}): Leaf {
  const channels = (size: number): number[] | undefined => groups?.flatMap((group) => Array.from({ length: size }, (_, i) => group * size + i));
  const plan: Readonly<Record<string, readonly [number[] | readonly number[] | undefined, 0 | 1]>> = {
    'self_attn.q_proj': [channels(shared * headDim), 0], 'self_attn.k_proj': [channels(headDim), 0], 'self_attn.v_proj': [channels(headDim), 0],
    'self_attn.o_proj': [channels(shared * headDim), 1], 'mlp.gate_proj': [neurons, 0], 'mlp.up_proj': [neurons, 0], 'mlp.down_proj': [neurons, 1],
  };
  const [places, axis] = plan[name.replace(/\.(?:weight|bias)$/, '')] ?? [];
  // What is added to an output knows nothing of the inputs.
  if (places === undefined || axis === undefined || (axis === 1 && name.endsWith('.bias'))) return leaf;
  if (isWeight(leaf)) throw new TypeError(`pruneStructure: expected plain tensors but found a weight that applies itself at ${path}. Prune before quantizing.`);
  const ids: Tensor = tensor(Int32Array.from(places), [places.length], 'int32');
  const made = gather(leaf, ids, axis);
  ids.dispose();
  return made;
}

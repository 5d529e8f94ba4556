import { type Model, type ModelConfig, ModelError } from '@llm/model';
import { deviceInUse, ggufBytes, type GgufType, type GgufValue, isWeight, type LazyGgufTensor, type Leaf, leaves, type Tree, valuesInPlace, writeGgufStream } from '@llm/tensor';
import { quantizeBlocks } from './gguf-blocks.ts';
import { fileTypeOf, type GgufMixture, GGUF_MIXTURES, ggufTypeOf } from './mixtures.ts';
import type { Placement } from './model/architecture.ts';
import { architectureOf } from './model/architectures.ts';
import { arrange } from './model/arrange.ts';
import { tokenizerKeys } from './model/tokenizer-keys.ts';

export interface ExportGgufOptions {
  /** Which type each tensor gets; default `Q8_0`. */
  readonly mixture?: GgufMixture;
  /** The text of tokenizer.json; without one, llama.cpp computes with ids only. */
  readonly tokenizer?: string | undefined;
  /** The Jinja text of the chat template. */
  readonly chatTemplate?: string | undefined;
  /** Whether llama.cpp puts the model's first token before every text; default whether it has one. */
  readonly addBos?: boolean;
  /** What the file calls the model; default `model`. */
  readonly name?: string;
  /** Mean squares of the inputs of each matrix by its path, as `importanceOf` gathers them. */
  readonly importance?: ReadonlyMap<string, Float32Array> | undefined;
}

/** A tensor of a file to be written. */
export interface GgufEntry {
  readonly name: string;
  /** The parameter that it is, unless it is one that the file alone has. */
  readonly path?: string;
  readonly type: GgufType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** A file to be written: its keys, and its tensors, whose values are read and quantized one at a time. */
export interface GgufPlan {
  readonly keys: readonly (readonly [string, GgufValue])[];
  readonly tensors: readonly (readonly [string, LazyGgufTensor])[];
  /** The same tensors in figures. */
  readonly entries: readonly GgufEntry[];
}

/** Calls `use` with the values of a parameter in the order in which the model has them: where they lie, if they can be reached there, and not copied. */
async function withValues<T>(leaf: Leaf, path: string, use: (values: Float32Array) => T): Promise<T> {
  if (isWeight(leaf) && leaf.data !== undefined) return use(await leaf.data());
  if (isWeight(leaf) && leaf.matrix === undefined) throw new ModelError('E_WEIGHT_LEAF', `exportGguf: expected a tensor or a weight with a matrix but found neither at ${path}. Merge the adapter first.`);
  const values = isWeight(leaf) ? leaf.matrix!() : leaf;
  try {
    return use((deviceInUse() === 'webgpu' ? await values.data() : valuesInPlace(values)) as Float32Array);
  } finally {
    if (values !== leaf) values.dispose();
  }
}

/**
 * A GGUF file of a model, ready to be written tensor by tensor: names, shapes, types and metadata as llama.cpp wants them, with its tokenizer.
 *
 * Model types llama, qwen2, qwen3 and gpt2. Rows of Llama's queries and keys are interleaved, GPT-2's matrices turned, a tied output left out.
 * Weights in few bits and adapters stand for their matrix.
 *
 * @throws ModelError E_ARCHITECTURE, E_CONFIG or E_ROPE for what llama.cpp cannot say, E_TOKENIZER, E_WEIGHTS for a tree of another model; and,
 * when its turn comes, GgufError as `quantizeBlocks`.
 *
 * @example
 * ```ts
 * import { planGguf } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 32, n_head: 2, n_layer: 1 });
 * const { entries } = planGguf(model, model.init(0), { mixture: 'Q4_0' });
 * if (entries.find(({ name }) => name === 'blk.0.ffn_up.weight')?.type !== 'Q4_0') throw new Error('a matrix in four bits');
 * ```
 */
export function planGguf(
  model: Pick<Model<ModelConfig>, 'config' | 'parameters' | 'shape'>, params: Tree,
  { mixture = 'Q8_0', tokenizer, chatTemplate, addBos, name = 'model', importance }: ExportGgufOptions = {},
): GgufPlan {
  if (!GGUF_MIXTURES.includes(mixture)) throw new RangeError(`planGguf: expected a mixture of ${GGUF_MIXTURES.join(', ')} but found ${String(mixture)}.`);
  const { config, shape: { layers, heads, kvHeads, tied, vocabSize } } = model;
  const architecture = architectureOf(config);
  const found = new Map(leaves(params));
  const shapes = new Map(model.parameters.map((parameter) => [parameter.name, parameter.shape]));
  const entries: GgufEntry[] = [];
  const tensors: [string, LazyGgufTensor][] = [];
  const missing: string[] = [];
  for (const placement of architecture.placements(config)) {
    const leaf = found.get(placement.path);
    const shape = shapes.get(placement.path);
    found.delete(placement.path);
    if (leaf === undefined || shape === undefined) {
      missing.push(placement.path);
      continue;
    }
    const stored = placement.transposed === true ? [...shape].reverse() : shape;
    const type = ggufTypeOf({ name: placement.name, shape: stored }, { mixture, layers, heads, kvHeads, tied, importance: importance !== undefined });
    entries.push({ name: placement.name, path: placement.path, type, shape: stored, bytes: ggufBytes(type, stored, { name: placement.name }) });
    tensors.push([placement.name, { type, shape: stored, data: () => withValues(leaf, placement.path, (values) => blocksOf(values, { placement, shape, type, importance })) }]);
  }
  if (missing.length + found.size > 0) {
    throw new ModelError('E_WEIGHTS', `planGguf: expected the parameters of the model but found ${[...missing.map((path) => `no ${path}`), ...[...found.keys()].map((path) => `${path}, which it has not`)].slice(0, 5).join('; ')}. Give the model that the parameters belong to; merge adapters.`);
  }
  for (const extra of architecture.extras(config)) {
    const data = new Uint8Array(extra.values.buffer, extra.values.byteOffset, extra.values.byteLength);
    entries.push({ name: extra.name, type: 'F32', shape: [extra.values.length], bytes: data.length });
    tensors.push([extra.name, { type: 'F32', shape: [extra.values.length], data: () => data }]);
  }
  const { bosId, eosIds, padId } = config as { bosId?: number; eosIds?: readonly number[]; padId?: number };
  const keys: [string, GgufValue][] = [
    ['general.architecture', architecture.name], ['general.type', 'model'], ['general.name', name],
    ...architecture.keys(config),
    ['general.file_type', { type: 'u32', value: fileTypeOf(mixture) }], ['general.quantization_version', { type: 'u32', value: 2 }],
    // llama.cpp asks for a tokenizer, or to be told that there is none.
    ...(tokenizer === undefined ? [['tokenizer.ggml.model', 'none'] as [string, GgufValue]] : tokenizerKeys(tokenizer, { vocabSize, bosId, eosIds, padId, addBos: addBos ?? bosId !== undefined, chatTemplate })),
  ];
  return { keys, tensors, entries };
}

function blocksOf(
  given: Float32Array, { placement, shape, type, importance }: { placement: Placement; shape: readonly number[]; type: GgufType; importance: ReadonlyMap<string, Float32Array> | undefined },
): Uint8Array {
  const stored = arrange(given, shape, placement);
  return quantizeBlocks(stored.values, { type, shape: stored.shape, importance: importance?.get(placement.path), name: placement.path });
}

/**
 * The bytes of a GGUF file of a model; `saveGguf` in `@llm/quantize/node` writes one that is larger than memory. See `planGguf`.
 *
 * @throws as `planGguf`.
 *
 * @example
 * ```ts
 * import { exportGguf } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { readGguf, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 32, n_head: 2, n_layer: 1 });
 * const file = await exportGguf(model, model.init(0), { mixture: 'F16' });
 * if (readGguf(file).metadata.get('general.architecture') !== 'gpt2') throw new Error('a GPT-2');
 * ```
 */
export async function exportGguf(model: Pick<Model<ModelConfig>, 'config' | 'parameters' | 'shape'>, params: Tree, options: ExportGgufOptions = {}): Promise<Uint8Array> {
  const { keys, tensors } = planGguf(model, params, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeGgufStream(keys, tensors)) chunks.push(chunk);
  const file = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  return file;
}

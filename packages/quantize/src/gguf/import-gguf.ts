import { createModel, type Model, type ModelConfig, ModelError } from '@llm/model';
import { ggufBytes, type GgufMetadata, type GgufTensor, type GgufTensorInfo, type GgufType, inRowBlocks, isWeight, type Leaf, readGguf, tensor, type Tree, unflatten } from '@llm/tensor';
import { blockWeight } from './block-weight.ts';
import { isBlockType } from './blocks/codecs.ts';
import { dequantizeBlocks } from './gguf-blocks.ts';
import type { Placement } from './model/architecture.ts';
import { architectureNamed } from './model/architectures.ts';
import { gathered, inverseOrder, rowOrder, turned } from './model/arrange.ts';
import { readKeys } from './model/read-keys.ts';
import { type GgufTokenizer, readTokenizerKeys } from './model/tokenizer-keys.ts';

/** An open file: what `readGgufFile` of `@llm/tensor/node` gives, or a file in memory. */
export interface GgufSource {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, Pick<GgufTensorInfo, 'type' | 'shape'>>;
  read(name: string): Promise<GgufTensor> | GgufTensor;
}

/** A model that was read from a GGUF file. */
export interface GgufModel {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
  /** Its tokenizer, where the file has one. */
  readonly tokenizer?: GgufTokenizer;
  readonly name?: string;
  /** The type in which each parameter is stored, by path. */
  readonly types: ReadonlyMap<string, GgufType>;
}

export interface ImportGgufOptions {
  /**
   * Keep matrices in few bits as they are stored (default), so that the model computes with the same numbers as llama.cpp in less memory; false makes
   * float32 tensors of them, which can be trained.
   */
  readonly quantized?: boolean;
  /** The most that the parameters may take; default 4 GiB. It is checked before a tensor is read. */
  readonly maxBytes?: number;
}

/**
 * The model of a GGUF file, written here or by llama.cpp: architectures llama, qwen2, qwen3 and gpt2, types F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0,
 * Q5_1 and Q2_K to Q6_K. `source` is the bytes of a file, or an open one.
 *
 * @throws GgufError for a file that breaks the format, ModelError E_ARCHITECTURE, E_CONFIG, E_ROPE, E_TOKENIZER, E_WEIGHTS or E_MEMORY for one
 * that does not fit.
 *
 * @example
 * ```ts
 * import { exportGguf, importGguf } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 32, n_head: 2, n_layer: 1 });
 * const { types } = await importGguf(await exportGguf(model, model.init(0), { mixture: 'Q8_0' }));
 * if (types.get('transformer.h.0.mlp.c_fc.weight') !== 'Q8_0') throw new Error('a matrix in eight bits');
 * ```
 */
export async function importGguf(source: Uint8Array | GgufSource, { quantized = true, maxBytes = 2 ** 32 }: ImportGgufOptions = {}): Promise<GgufModel> {
  const file = source instanceof Uint8Array ? inMemory(source) : source;
  const keys = readKeys(file.metadata);
  const type = keys.text('general.type', 'model');
  if (type !== 'model') throw new ModelError('E_ARCHITECTURE', `importGguf: expected a file of a model but found one of type ${JSON.stringify(type.slice(0, 40))}. Give the model; adapters are loaded beside it.`);
  const architecture = architectureNamed(keys.text('general.architecture'));
  const tokenizer = readTokenizerKeys(file.metadata);
  const extra = async (name: string): Promise<Float32Array> => {
    const found = await file.read(name);
    return dequantizeBlocks(found.data, { ...found, name });
  };
  const json = await architecture.readConfig(file as GgufSource & { readonly tensors: ReadonlyMap<string, GgufTensorInfo> }, extra);
  const model = createModel({ ...json, bos_token_id: tokenizer?.bosId ?? null, eos_token_id: tokenizer?.eosIds?.length === 1 ? tokenizer.eosIds[0] : tokenizer?.eosIds ?? null, pad_token_id: tokenizer?.padId ?? null });
  const placements = architecture.placements(model.config);
  checkTensors(model, placements, { file, extras: new Set(architecture.extras(model.config).map(({ name }) => name)) });
  checkMemory(file, { quantized, maxBytes });
  const made = new Map<string, Leaf>();
  const types = new Map<string, GgufType>();
  try {
    for (const placement of placements) {
      const stored = await file.read(placement.name);
      types.set(placement.path, stored.type);
      made.set(placement.path, leafOf(stored, placement, { quantized }));
    }
  } catch (error) {
    for (const leaf of made.values()) for (const each of isWeight(leaf) ? Object.values(leaf.tensors) : [leaf]) each.dispose();
    throw error;
  }
  const name = keys.text('general.name', '');
  return {
    model, params: unflatten(model.parameters.map((parameter) => [parameter.name, made.get(parameter.name)!])), types,
    ...(tokenizer === undefined ? {} : { tokenizer }), ...(name === '' ? {} : { name }),
  };
}

function inMemory(bytes: Uint8Array): GgufSource {
  const { metadata, tensors } = readGguf(bytes);
  return { metadata, tensors, read: (name) => tensors.get(name)! };
}

function checkMemory({ tensors }: GgufSource, { quantized, maxBytes }: { quantized: boolean; maxBytes: number }): void {
  let bytes = 0;
  for (const [name, { type, shape }] of tensors) bytes += quantized && isBlockType(type) ? ggufBytes(type, shape, { name }) : 4 * shape.reduce((product, size) => product * size, 1);
  if (bytes > maxBytes) throw new ModelError('E_MEMORY', `importGguf: expected parameters of at most ${maxBytes} bytes but found ${bytes}. Raise maxBytes, or use a smaller model.`);
}

/** Whether the file has the tensors of the model in their shapes, and no others. */
function checkTensors(model: Model<ModelConfig>, placements: readonly Placement[], { file, extras }: { file: GgufSource; extras: ReadonlySet<string> }): void {
  const shapes = new Map(model.parameters.map(({ name, shape }) => [name, shape]));
  const problems: string[] = [];
  const known = new Set(extras);
  for (const { path, name, transposed } of placements) {
    known.add(name);
    const wanted = transposed === true ? [...shapes.get(path)!].reverse() : shapes.get(path)!;
    const found = file.tensors.get(name)?.shape;
    if (found === undefined) problems.push(`${name} is missing`);
    else if (found.join() !== wanted.join()) problems.push(`${name} is [${found.join(', ')}] where the keys say [${wanted.join(', ')}]`);
  }
  for (const name of file.tensors.keys()) if (!known.has(name)) problems.push(`${JSON.stringify(name.slice(0, 60))} is no tensor of this architecture`);
  if (problems.length > 0) throw new ModelError('E_WEIGHTS', `importGguf: expected the ${placements.length} tensors that its keys describe but found ${problems.length} that differ: ${problems.slice(0, 5).join('; ')}. Use a file of a whole model.`);
}

function leafOf(stored: GgufTensor, placement: Placement, { quantized }: { quantized: boolean }): Leaf {
  const { type, shape, data } = stored;
  const order = rowOrder(placement, shape[0]!);
  const back = order === undefined ? undefined : inverseOrder(order);
  if (quantized && isBlockType(type) && shape.length === 2) return blockWeight({ ...stored, type }, { order: back, transposed: placement.transposed === true });
  const values = dequantizeBlocks(data, { type, shape, name: placement.name });
  if (placement.transposed === true) return tensor(turned(values, shape[0]!, shape[1]!), [shape[1]!, shape[0]!]);
  const own = back === undefined ? values : gathered(values, back);
  // A view on the file's bytes would keep the whole file in memory.
  return inRowBlocks(tensor(own.buffer === data.buffer ? own.slice() : own, [...shape]));
}

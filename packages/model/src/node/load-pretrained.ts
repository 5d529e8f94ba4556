import { join } from 'node:path';
import { disposeTree, type Leaf, type Tree, unflatten } from '@llm/tensor';
import { readShardedFolder } from '@llm/tensor/node';
import { checkTwin, leafOf } from '../checkpoint/checkpoint.ts';
import { partOf } from '../checkpoint/fused-experts.ts';
import { type Match, matchTensors } from '../checkpoint/match-tensors.ts';
import { type ModelConfig, readConfig } from '../config/config.ts';
import { createEncoderDecoder, createModel } from '../config/create-model.ts';
import type { EncoderDecoder } from '../encoder-decoder.ts';
import { ModelError } from '../errors.ts';
import type { Model } from '../model.ts';
import { checkParameterBytes } from '../parameter-bytes.ts';
import { parseJson, readTextIfThere } from './text-file.ts';

/** What a model folder holds. */
export interface Pretrained<M = Model<ModelConfig>> {
  readonly model: M;
  readonly params: Tree;
  readonly config: ModelConfig;
  /** The parsed generation_config.json. */
  readonly generationConfig?: Readonly<Record<string, unknown>>;
  /** The text of tokenizer.json, and the parsed tokenizer_config.json beside it. */
  readonly tokenizerJson?: string;
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
}

/**
 * Reads a model folder as Hugging Face writes it: config.json and model.safetensors, or the shards of an index, one tensor at a
 * time, as float32 on the device in use.
 *
 * `maxBytes` (default 4 GiB) is the most that the parameters may take; it is checked before a tensor is read.
 *
 * @throws ModelError E_NOT_FOUND, E_JSON, E_CONFIG, E_ARCHITECTURE, E_ROPE, E_ACTIVATION, E_MEMORY, E_WEIGHTS;
 * SafetensorsError for a damaged file, E_PICKLE for a folder with only `.bin` or `.pt`, which are never read.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { loadPretrained, savePretrained } from '@llm/model/node';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 4, n_head: 2, n_layer: 1 });
 * await savePretrained('tiny-gpt2', { model, params: model.init(0) });
 * const { config } = await loadPretrained('tiny-gpt2');
 * if (config.vocabSize !== 16) throw new Error('round trip');
 * ```
 */
export async function loadPretrained(folder: string, { maxBytes = 2 ** 32 }: { maxBytes?: number } = {}): Promise<Pretrained> {
  return load(folder, { maxBytes, create: createModel });
}

/**
 * Reads the folder of an encoder-decoder model, as `loadPretrained` does those of models with one stack.
 *
 * Since transformers 5 a config.json of T5 1.1 says that the head is tied though it is not: a stored `lm_head.weight` decides.
 *
 * @throws as `loadPretrained`; ModelError E_ARCHITECTURE for a model of one stack.
 *
 * @example
 * ```ts
 * import { createEncoderDecoder } from '@llm/model';
 * import { loadEncoderDecoder, savePretrained } from '@llm/model/node';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createEncoderDecoder({ model_type: 't5', vocab_size: 16, d_model: 8, d_kv: 4, d_ff: 16, num_layers: 1, num_heads: 2 });
 * await savePretrained('tiny-t5', { model, params: model.init(0) });
 * const { config } = await loadEncoderDecoder('tiny-t5');
 * if (config.vocabSize !== 16) throw new Error('round trip');
 * ```
 */
export async function loadEncoderDecoder(folder: string, { maxBytes = 2 ** 32 }: { maxBytes?: number } = {}): Promise<Pretrained<EncoderDecoder<ModelConfig>>> {
  return load(folder, {
    maxBytes,
    create: (json, stored) => {
      const config = readConfig(json);
      const untied = config.modelType === 't5' && config.tied && !config.scaledHead && stored.has('lm_head.weight');
      return createEncoderDecoder(untied ? { ...config, tied: false } : config);
    },
  });
}

type Created = Pick<Model<ModelConfig>, 'config' | 'parameters'>;

async function load<M extends Created>(
  folder: string, { maxBytes, create }: { maxBytes: number; create: (json: Record<string, unknown>, stored: { has(name: string): boolean }) => M },
): Promise<Pretrained<M>> {
  const configPath = join(folder, 'config.json');
  const configText = await readTextIfThere(configPath);
  if (configText === undefined) throw new ModelError('E_NOT_FOUND', `loadPretrained: expected config.json but found none in ${folder}. Give the folder of a model.`);
  const json = parseJson(configText, configPath) as Record<string, unknown>;
  // A configuration that cannot be read, or is too large, is told before the weights are looked for.
  checkParameterBytes(create(json, new Set()), maxBytes);
  const { model, params } = await readParams(folder, (stored) => create(json, stored));
  const extra = async (name: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const text = await readTextIfThere(join(folder, name));
    return text === undefined ? undefined : parseJson(text, join(folder, name)) as Readonly<Record<string, unknown>>;
  };
  const generationConfig = await extra('generation_config.json');
  const tokenizerConfig = await extra('tokenizer_config.json');
  const tokenizerJson = await readTextIfThere(join(folder, 'tokenizer.json'));
  return {
    model,
    params,
    config: model.config,
    ...(generationConfig === undefined ? {} : { generationConfig }),
    ...(tokenizerJson === undefined ? {} : { tokenizerJson }),
    ...(tokenizerConfig === undefined ? {} : { tokenizerConfig }),
  };
}

/** Reads one tensor after the other, so that no more than one is held twice. */
async function readParams<M extends Created>(folder: string, create: (stored: { has(name: string): boolean }) => M): Promise<{ model: M; params: Tree }> {
  const source = await readShardedFolder(folder);
  const made = new Map<string, Leaf>();
  try {
    const model = create(source.tensors);
    const { matches, twins } = matchTensors(model, source.tensors);
    for (const twin of twins) checkTwin(twin, { first: await source.read(twin.stored), second: await source.read(twin.again) });
    for (const [stored, parts] of byStored(matches)) {
      const raw = await source.read(stored);
      for (const { parameter, part } of parts) made.set(parameter.name, leafOf(parameter.name, partOf(raw, part)));
    }
    return { model, params: unflatten(model.parameters.map(({ name }) => [name, made.get(name)!])) };
  } catch (error) {
    disposeTree(Object.fromEntries(made));
    throw error;
  } finally {
    await source.close();
  }
}

/** The parameters of each stored tensor, several where it holds all experts of a layer. */
function byStored(matches: readonly Match[]): Map<string, Match[]> {
  const found = new Map<string, Match[]>();
  for (const match of matches) found.set(match.stored, [...found.get(match.stored) ?? [], match]);
  return found;
}

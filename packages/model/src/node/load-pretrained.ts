import { join } from 'node:path';
import { type Tensor, type Tree, unflatten } from '@llm/tensor';
import { readShardedFolder } from '@llm/tensor/node';
import { checkTiedHead, tensorOf } from '../checkpoint/checkpoint.ts';
import { matchTensors } from '../checkpoint/match-tensors.ts';
import type { ModelConfig } from '../config/config.ts';
import { createModel } from '../config/create-model.ts';
import { ModelError } from '../errors.ts';
import type { Model } from '../model.ts';
import { checkParameterBytes } from '../parameter-bytes.ts';
import { parseJson, readTextIfThere } from './text-file.ts';

/** What a model folder holds. */
export interface Pretrained {
  readonly model: Model<ModelConfig>;
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
  const configPath = join(folder, 'config.json');
  const configText = await readTextIfThere(configPath);
  if (configText === undefined) throw new ModelError('E_NOT_FOUND', `loadPretrained: expected config.json but found none in ${folder}. Give the folder of a model.`);
  const model = createModel(parseJson(configText, configPath) as Record<string, unknown>);
  checkParameterBytes(model, maxBytes);
  const params = await readParams(model, folder);
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
async function readParams(model: Model, folder: string): Promise<Tree> {
  const source = await readShardedFolder(folder);
  const entries: [string, Tensor][] = [];
  try {
    const { matches, head } = matchTensors(model, source.tensors);
    if (head !== undefined) checkTiedHead(await source.read(head), await source.read(matches[0]!.stored));
    for (const { parameter, stored } of matches) entries.push([parameter.name, tensorOf(await source.read(stored))]);
    return unflatten(entries);
  } catch (error) {
    for (const [, made] of entries) made.dispose();
    throw error;
  } finally {
    await source.close();
  }
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from '@llm/tensor';
import { writeShardedFolder } from '@llm/tensor/node';
import { lazyTensors } from '../checkpoint/checkpoint.ts';
import { type CheckpointDtype, type ModelConfig, writeConfig } from '../config/config.ts';
import { writeSpecialIds } from '../config/special-ids.ts';
import type { Model } from '../model.ts';
import { jsonText, parseJson, replaceText } from './text-file.ts';
import { tokenizerFiles } from './tokenizer-files.ts';

/** What to write into a model folder. */
export interface SavePretrainedOptions {
  /** Of either kind: what is written depends on its configuration and its parameters alone. */
  readonly model: Pick<Model<ModelConfig>, 'config' | 'parameters'>;
  readonly params: Tree;
  /** How the weights are rounded; default F32. */
  readonly dtype?: CheckpointDtype;
  /** The text of tokenizer.json, and keys for tokenizer_config.json, such as `chat_template`. */
  readonly tokenizer?: { readonly json: string; readonly config?: Readonly<Record<string, unknown>> };
  /** Keys for generation_config.json, such as `temperature`. */
  readonly generation?: Readonly<Record<string, unknown>>;
  /** Weights beyond this are written as several shards with an index; default 5 GB. */
  readonly maxShardBytes?: number;
}

/**
 * Writes a model folder that `from_pretrained` of transformers loads (`AutoModelForCausalLM`, `AutoModelForMaskedLM` for BERT and
 * RoBERTa, `AutoModelForSeq2SeqLM` for T5; `AutoTokenizer`): config.json, generation_config.json, model.safetensors (or shards and
 * their index), and the tokenizer's three files if one is given.
 *
 * Each file is replaced atomically, config.json last. Returns the names of the files.
 *
 * @throws ModelError E_WEIGHTS, E_WEIGHT_LEAF, E_CONFIG, E_TOKENIZER, E_JSON before anything is written; errors of the file system.
 */
export async function savePretrained(
  folder: string, { model, params, dtype = 'F32', tokenizer, generation = {}, maxShardBytes }: SavePretrainedOptions,
): Promise<{ fileNames: string[] }> {
  const { config } = model;
  const texts = new Map<string, string>();
  if (tokenizer !== undefined) {
    const files = tokenizerFiles(parseJson(tokenizer.json, 'tokenizer.json'), config, tokenizer.config);
    texts.set('tokenizer.json', tokenizer.json);
    texts.set('tokenizer_config.json', jsonText(files.tokenizerConfig));
    texts.set('special_tokens_map.json', jsonText(files.specialTokensMap));
  }
  texts.set('generation_config.json', jsonText({ ...writeSpecialIds(config), ...('startId' in config ? { decoder_start_token_id: config.startId } : {}), ...generation }));
  texts.set('config.json', jsonText(writeConfig(config, { dtype })));
  const tensors = lazyTensors(model, params, { dtype });
  await mkdir(folder, { recursive: true });
  const { fileNames } = await writeShardedFolder(folder, tensors, { metadata: { format: 'pt' }, ...(maxShardBytes === undefined ? {} : { maxShardBytes }) });
  for (const [name, text] of texts) await replaceText(join(folder, name), text);
  return { fileNames: [...fileNames, ...texts.keys()] };
}

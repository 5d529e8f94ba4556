import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { attach, disposeAdapter, merge } from '@llm/lora';
import { loadAdapter } from '@llm/lora/node';
import { createModel, type Model, type ModelConfig, paramsFromTensors } from '@llm/model';
import { loadPretrained } from '@llm/model/node';
import { loadGguf, loadQuantized } from '@llm/quantize/node';
import { flatten, readSafetensors, type Tree } from '@llm/tensor';
import { type ChatTemplate, chatTemplate, readChatTemplate, type Tokenizer, tokenizerFromJson } from '@llm/tokenizer';
import { latestCheckpoint, loadCheckpoint } from '@llm/train/node';
import { CliError } from '../cli/cli-error.ts';
import { type DeviceChoice, pickDevice } from '../device/pick-device.ts';
import { readRun } from '../run/run-record.ts';

export interface OpenModel {
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
  readonly tokenizer: Tokenizer;
  /** Put before every text, where the model has such a token. */
  readonly bosId: number | undefined;
  /** Rows as long as those it was trained on, as far as that is known. */
  readonly length: number;
  /** Something that the user should know of it. */
  readonly note?: string;
  readonly tokenizerJson: string;
  /** How conversations are written, where the model was taught one. */
  readonly template?: ChatTemplate;
}

const DEFAULT_LENGTH = 512;

/** A model of a Hugging Face folder, of a GGUF file, of an adapter with its base, or of a run, of an unfinished one its newest checkpoint; on the device that was asked for. */
export async function openModel(folder: string, choice: DeviceChoice | undefined): Promise<OpenModel> {
  if (!existsSync(folder)) throw new CliError('E_NOT_FOUND', `llm: expected the folder of a run or a model but found nothing at ${folder}. Give the path of a folder with config.json, of a .gguf file, or the name of a run in runs/.`);
  await pickDevice(choice);
  if (folder.endsWith('.gguf')) return openGguf(folder);
  if (existsSync(join(folder, 'adapter_config.json'))) return openAdapter(folder);
  const record = await readRun(folder);
  const lengthOf = (model: Model): number => Math.min(model.shape.maxPositions, record?.settings.training.length ?? DEFAULT_LENGTH);
  if (existsSync(join(folder, 'config.json'))) {
    const { model, params, config, tokenizerJson, tokenizerConfig } = await (await isQuantized(folder) ? loadQuantized : loadPretrained)(folder);
    if (tokenizerJson === undefined) throw new CliError('E_TOKENIZER', `llm: expected tokenizer.json beside config.json but found none in ${folder}. Add the tokenizer that the model was trained with.`);
    const template = await templateOf(folder, tokenizerConfig);
    return { model, params, tokenizer: tokenizerOf(tokenizerJson, { folder, model }), tokenizerJson, bosId: config.bosId, length: lengthOf(model), ...(template === undefined ? {} : { template }) };
  }
  const latest = record === undefined ? undefined : await latestCheckpoint(folder);
  if (record === undefined || latest === undefined) throw new CliError('E_NOT_FOUND', `llm: expected config.json or a run with a checkpoint but found neither in ${folder}. Give the folder of a model, or train first with llm quickstart.`);
  const { files } = await loadCheckpoint(latest.path);
  const model = createModel(record.settings.model);
  const tokenizerJson = await readFile(join(folder, 'tokenizer.json'), 'utf8');
  return {
    model, params: paramsFromTensors(model, readSafetensors(files.get('model.safetensors')!).tensors),
    tokenizer: tokenizerFromJson(JSON.parse(tokenizerJson)), tokenizerJson,
    bosId: model.config.bosId, length: lengthOf(model),
    note: `This run is not finished: step ${latest.step} of ${record.settings.training.steps}.`,
  };
}

const foldersAbove = (folder: string): string[] => (dirname(folder) === folder ? [] : [dirname(folder), ...foldersAbove(dirname(folder))]);

/** The model that an adapter was trained on with the adapter worked in. */
async function openAdapter(folder: string): Promise<OpenModel> {
  const { adapter, config } = await loadAdapter(folder);
  const named = String(config.base_model_name_or_path ?? '');
  // It is named from where the command ran, which lies above the runs as a rule.
  const place = [folder, '.', ...foldersAbove(folder)].map((from) => resolve(from, named)).find((path) => named !== '' && existsSync(join(path, 'config.json')));
  if (place === undefined) throw new CliError('E_NOT_FOUND', `llm: expected the model under the adapter in ${folder} but found none at ${named || 'base_model_name_or_path'}. Write its folder into adapter_config.json.`);
  const base = await openModel(place, undefined);
  const merged = await merge(attach(base.params, adapter));
  disposeAdapter(adapter);
  const kept = new Set(Object.values(flatten(merged)));
  for (const tensor of Object.values(flatten(base.params))) if (!kept.has(tensor)) tensor.dispose();
  const template = await templateOf(folder, undefined);
  return { ...base, params: merged, ...(template === undefined ? {} : { template }) };
}

/** The model of a GGUF file, computing with the numbers that are in it. */
async function openGguf(path: string): Promise<OpenModel> {
  const { model, params, tokenizer: stored } = await loadGguf(path);
  if (stored === undefined) throw new CliError('E_TOKENIZER', `llm: expected a tokenizer in ${path} but found none. Use a file of a whole model.`);
  const { json, addBos, bosId, eosIds, chatTemplate: source } = stored;
  const tokenizer = tokenizerFromJson(JSON.parse(json));
  const named = { bosToken: tokenizer.idToToken(bosId ?? -1), eosToken: tokenizer.idToToken(eosIds?.[0] ?? -1) };
  return {
    model, params, tokenizer, tokenizerJson: json, bosId: addBos ? bosId : undefined, length: Math.min(model.shape.maxPositions, DEFAULT_LENGTH),
    ...(source === undefined ? {} : { template: chatTemplate(source, Object.fromEntries(Object.entries(named).filter(([, token]) => token !== undefined))) }),
  };
}

/** Whether a folder says that its matrices are in few bits. A configuration that cannot be read is for the loader to tell. */
async function isQuantized(folder: string): Promise<boolean> {
  try {
    return Object.hasOwn(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object, 'quantization_config');
  } catch {
    return false;
  }
}

/** The chat template beside a model: a file of its own, or in tokenizer_config.json. */
async function templateOf(folder: string, config: Readonly<Record<string, unknown>> | undefined): Promise<ChatTemplate | undefined> {
  const tokens = config ?? JSON.parse(await readFile(join(folder, 'tokenizer_config.json'), 'utf8').catch(() => '{}')) as Record<string, unknown>;
  const jinja = await readFile(join(folder, 'chat_template.jinja'), 'utf8').catch(() => undefined);
  if (jinja === undefined && tokens.chat_template === undefined) return undefined;
  return readChatTemplate(tokens, jinja === undefined ? {} : { jinja });
}

/** The tokenizer beside a model; one that gives ids which the model does not know belongs to another. */
function tokenizerOf(json: string, { folder, model }: { folder: string; model: Model }): Tokenizer {
  const tokenizer = tokenizerFromJson(JSON.parse(json));
  if (tokenizer.size <= model.shape.vocabSize) return tokenizer;
  throw new CliError('E_TOKENIZER', `llm: expected a tokenizer of at most ${model.shape.vocabSize} tokens, as the model in ${folder} has, but found one of ${tokenizer.size}. Put back the tokenizer.json that the model was trained with.`);
}

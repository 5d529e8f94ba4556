import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createModel, type Model, type ModelConfig, paramsFromTensors } from '@llm/model';
import { loadPretrained } from '@llm/model/node';
import { readSafetensors, type Tree } from '@llm/tensor';
import { type Tokenizer, tokenizerFromJson } from '@llm/tokenizer';
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
  readonly hasChatTemplate: boolean;
}

const DEFAULT_LENGTH = 512;

/** A model of a Hugging Face folder or of a run, of an unfinished one its newest checkpoint; on the device that was asked for. */
export async function openModel(folder: string, choice: DeviceChoice | undefined): Promise<OpenModel> {
  if (!existsSync(folder)) throw new CliError('E_NOT_FOUND', `llm: expected the folder of a run or a model but found nothing at ${folder}. Give the path of a folder with config.json, or the name of a run in runs/.`);
  await pickDevice(choice);
  const record = await readRun(folder);
  const lengthOf = (model: Model): number => Math.min(model.shape.maxPositions, record?.settings.training.length ?? DEFAULT_LENGTH);
  if (existsSync(join(folder, 'config.json'))) {
    const { model, params, config, tokenizerJson, tokenizerConfig } = await loadPretrained(folder);
    if (tokenizerJson === undefined) throw new CliError('E_TOKENIZER', `llm: expected tokenizer.json beside config.json but found none in ${folder}. Add the tokenizer that the model was trained with.`);
    return { model, params, tokenizer: tokenizerOf(tokenizerJson, { folder, model }), bosId: config.bosId, length: lengthOf(model), hasChatTemplate: tokenizerConfig?.chat_template !== undefined };
  }
  const latest = record === undefined ? undefined : await latestCheckpoint(folder);
  if (record === undefined || latest === undefined) throw new CliError('E_NOT_FOUND', `llm: expected config.json or a run with a checkpoint but found neither in ${folder}. Give the folder of a model, or train first with llm quickstart.`);
  const { files } = await loadCheckpoint(latest.path);
  const model = createModel(record.settings.model);
  return {
    model, params: paramsFromTensors(model, readSafetensors(files.get('model.safetensors')!).tensors),
    tokenizer: tokenizerFromJson(JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8'))),
    bosId: model.config.bosId, length: lengthOf(model), hasChatTemplate: false,
    note: `This run is not finished: step ${latest.step} of ${record.settings.training.steps}.`,
  };
}

/** The tokenizer beside a model; one that gives ids which the model does not know belongs to another. */
function tokenizerOf(json: string, { folder, model }: { folder: string; model: Model }): Tokenizer {
  const tokenizer = tokenizerFromJson(JSON.parse(json));
  if (tokenizer.size <= model.shape.vocabSize) return tokenizer;
  throw new CliError('E_TOKENIZER', `llm: expected a tokenizer of at most ${model.shape.vocabSize} tokens, as the model in ${folder} has, but found one of ${tokenizer.size}. Put back the tokenizer.json that the model was trained with.`);
}

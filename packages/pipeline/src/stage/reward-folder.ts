import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createModel, type ModelConfig, paramsFromTensors, tensorsFromParams } from '@llm/model';
import { type HeadedModel, rewardConfig, withHead } from '@llm/preference';
import { type RawTensor, type Tree } from '@llm/tensor';
import { readShardedFolder, writeShardedFolder } from '@llm/tensor/node';
import { CliError } from '../cli/cli-error.ts';
import { shownPath } from '../cli/shown-path.ts';
import { replaceText } from '../run/replace-text.ts';

/** A model that scores texts, read from its folder. */
export interface OpenReward {
  readonly model: HeadedModel<ModelConfig>;
  readonly params: Tree;
  readonly sha256: string;
}

/** Writes a reward model as a folder that `AutoModelForSequenceClassification` loads, config.json last. */
export async function saveReward(folder: string, { model, params, padId, tokenizerJson, chatTemplate, cwd }: {
  model: HeadedModel<ModelConfig>; params: Tree; padId: number; tokenizerJson: string; chatTemplate: string; cwd: string;
}): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeShardedFolder(folder, await tensorsFromParams(model, params), { metadata: { format: 'pt' } });
  await replaceText(join(folder, 'tokenizer.json'), tokenizerJson);
  await replaceText(join(folder, 'chat_template.jinja'), chatTemplate);
  await replaceText(join(folder, 'config.json'), `${JSON.stringify(rewardConfig(model, { padId }), null, 2)}\n`);
  return `Saved ${shownPath(folder, cwd)} (a Hugging Face folder of a sequence classifier: a reward model).`;
}

/** Reads such a folder onto the device in use. */
export async function openReward(folder: string): Promise<OpenReward> {
  const path = join(folder, 'config.json');
  if (!existsSync(path)) throw new CliError('E_NOT_FOUND', `llm: expected the folder of a reward model but found no config.json in ${folder}. Train one with llm reward.`);
  const text = readFileSync(path);
  const config = JSON.parse(text.toString('utf8')) as Record<string, unknown>;
  const model = withHead(createModel(config));
  const source = await readShardedFolder(folder);
  try {
    const tensors = new Map<string, RawTensor>();
    for (const name of source.tensors.keys()) tensors.set(name, await source.read(name));
    if (!tensors.has('score.weight')) throw new CliError('E_WEIGHTS', `llm: expected a reward model in ${folder} but found weights without score.weight. Train one with llm reward.`);
    const sha256 = createHash('sha256').update(text).update(tensors.get('score.weight')!.data);
    return { model, params: paramsFromTensors(model, tensors), sha256: sha256.digest('hex') };
  } finally {
    await source.close();
  }
}

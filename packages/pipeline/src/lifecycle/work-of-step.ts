import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { createModel } from '@llm/model';
import { readRun } from '../run/run-record.ts';
import type { RawConfig, Work } from '../cost/work.ts';
import { findFolder } from '../train/open-run.ts';
import { configOf, SIZES, sizesForText } from '../train/sizes.ts';
import { plainFlags } from './plain-flags.ts';
import type { Flags, LifecycleRecipe } from './recipe-shape.ts';

/** Characters of a token, as tokenizers of some thousand tokens have them on English and code. */
const CHARACTERS_PER_TOKEN = 3.3;
const EPOCHS = 12;
const CONTEXT = 1024;

/** A training whose steps are counted, or that lasts a given time. */
export interface WorkOfStep {
  readonly work: Work;
  /** Where the time decides: so long at most, and no more steps than this. */
  readonly seconds?: number;
  /** What was taken for granted. */
  readonly assumed: readonly string[];
}

/** What the work of a step comes to, from its flags and what they name; undefined where that cannot be said beforehand. */
export async function workOfStep(id: string, recipe: LifecycleRecipe, cwd: string): Promise<WorkOfStep | undefined> {
  const { run } = recipe.steps[id]!;
  const flags = plainFlags(id, recipe);
  if (run === 'pretrain') return pretraining(flags, { recipe, cwd });
  if (!TRAINED.includes(run)) return undefined;
  const config = await configBehind(flags.model, { recipe, cwd });
  if (config === undefined) return undefined;
  const number = (key: string, usual: number): number => (typeof flags[key] === 'number' ? flags[key] : usual);
  const { maxPositions } = createModel(config).shape;
  const assumed: string[] = [];
  const records = await recordCount(flags.data, cwd);
  const [batch, accumulate] = [number('batch', 8), number('accumulate', 1)];
  if (flags.steps === undefined && records === undefined) return undefined;
  const steps = number('steps', Math.max(1, Math.floor((Math.ceil((records ?? 0) / batch) * number('epochs', run === 'grpo' || run === 'ppo' ? 1 : 3)) / accumulate)));
  // Questions are not read yet: every row is taken to be as long as it may be.
  assumed.push('rows of full length');
  const answers = run === 'grpo' ? number('samples', 8) : run === 'dpo' || run === 'reward' ? 2 : 1;
  if (run === 'grpo' || run === 'ppo') assumed.push('sampling not counted');
  const length = Math.min(number('max-length', CONTEXT), maxPositions);
  return {
    assumed, work: { config, steps, batch: batch * answers, length, accumulate, checkpointed: flags.checkpointed === true, precision: 'f32', adapter: run === 'lora' || flags.lora !== undefined },
  };
}

const TRAINED = ['sft', 'lora', 'dpo', 'reward', 'grpo', 'ppo'];

async function pretraining(flags: Flags, { recipe, cwd }: { recipe: LifecycleRecipe; cwd: string }): Promise<WorkOfStep | undefined> {
  const characters = await characterCount(flags.data, { recipe, cwd });
  const { config, size, vocabSize, assumed } = await pretrainedConfig(flags, { recipe, cwd, characters });
  const number = (key: string, usual: number): number => (typeof flags[key] === 'number' ? flags[key] : usual);
  const length = Math.min(number('length', size.length), createModel(config).shape.maxPositions);
  const [batch, accumulate] = [number('batch', size.batch), number('accumulate', 1)];
  const tokens = characters / CHARACTERS_PER_TOKEN;
  const byText = Math.max(10, Math.floor((number('epochs', EPOCHS) * tokens) / (length * batch * accumulate)));
  if (flags.steps === undefined) assumed.push(`${CHARACTERS_PER_TOKEN} characters a token`);
  if (flags['vocab-size'] === undefined && flags.init === undefined) assumed.push(`a vocabulary of ${vocabSize}`);
  return {
    assumed, ...(flags.steps === undefined ? { seconds: 60 * number('minutes', 2) } : {}),
    work: { config, steps: number('steps', byText), batch, length, accumulate, checkpointed: flags.checkpointed === true, precision: flags.precision === 'f16' ? 'f16' : 'f32', adapter: false },
  };
}

async function pretrainedConfig(flags: Flags, { recipe, cwd, characters }: { recipe: LifecycleRecipe; cwd: string; characters: number }): Promise<{ config: RawConfig; size: (typeof SIZES)[string]; vocabSize: number; assumed: string[] }> {
  const fitting = sizesForText(characters);
  const size = SIZES[String(flags.config)] ?? fitting.size;
  const vocabSize = typeof flags['vocab-size'] === 'number' ? flags['vocab-size'] : fitting.vocabSize;
  const given = flags.init === undefined ? undefined : await configBehind(flags.init, { recipe, cwd });
  if (given !== undefined) return { config: given, size, vocabSize, assumed: [] };
  const file = typeof flags.config === 'string' && flags.config.endsWith('.json') ? resolve(cwd, flags.config) : undefined;
  const config = file === undefined ? configOf(size, { vocabSize, endId: 0 }) : { ...JSON.parse(readFileSync(file, 'utf8')) as RawConfig, vocab_size: vocabSize, bos_token_id: 0, eos_token_id: 0 };
  return { config, size, vocabSize, assumed: [] };
}

/** The configuration of a model that a flag names: a folder, or the result of a step that is not there yet. */
async function configBehind(value: Flags[string] | undefined, { recipe, cwd }: { recipe: LifecycleRecipe; cwd: string }): Promise<RawConfig | undefined> {
  if (typeof value !== 'string') return undefined;
  const step = /^\$\{([\w.-]+)\}$/.exec(value)?.[1];
  if (step !== undefined) return (await workOfStep(step, recipe, cwd))?.work.config;
  const folder = findFolder(value, cwd);
  const config = join(folder, 'config.json');
  if (existsSync(config)) return JSON.parse(readFileSync(config, 'utf8')) as RawConfig;
  return (await readRun(folder))?.settings.model;
}

/** Characters of files and folders; of what a step of the life cleans, those that it reads. */
async function characterCount(value: Flags[string] | undefined, { recipe, cwd }: { recipe: LifecycleRecipe; cwd: string }): Promise<number> {
  let sum = 0;
  for (const each of [value ?? []].flat()) {
    const step = /^\$\{([\w.-]+)\}/.exec(String(each))?.[1];
    sum += step === undefined ? sizeOfPath(resolve(cwd, String(each))) : await characterCount(plainFlags(step, recipe).paths, { recipe, cwd });
  }
  return sum;
}

/** The bytes of a file, or of all files in a folder; 0 where there is nothing. */
export function sizeOfPath(path: string): number {
  if (!existsSync(path)) return 0;
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.size;
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => sum + (entry.isFile() || entry.isDirectory() ? sizeOfPath(join(path, entry.name)) : 0), 0);
}

/** Lines of files of records; undefined where one of them is not there yet. */
async function recordCount(value: Flags[string] | undefined, cwd: string): Promise<number | undefined> {
  let lines = 0;
  for (const each of [value ?? []].flat()) {
    const path = resolve(cwd, String(each));
    if (!existsSync(path) || statSync(path).isDirectory()) return undefined;
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) if (line.trim() !== '') lines++;
  }
  return lines;
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../cli/cli-error.ts';
import { readJson, recordedFigures, type StepFigures } from '../lifecycle/figures.ts';
import { type LifeFile, readLife } from '../lifecycle/life-file.ts';
import { readStep, type StepRecord } from '../lifecycle/step-record.ts';
import { figuresOf } from '../lifecycle/task-figures.ts';
import { readRun } from '../run/run-record.ts';
import { readStage } from '../stage/stage-record.ts';

/** What is compared of a run, a step or a whole life. */
export interface Compared {
  readonly name: string;
  readonly folder: string;
  readonly kind: string;
  /** Every setting by its path, as text. */
  readonly settings: Readonly<Record<string, string>>;
  /** What it was made from, by hash. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly figures: StepFigures;
}

/** Settings by their path: `training.lr`, lists as one text. */
export function flatSettings(value: unknown, prefix = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [prefix]: typeof value === 'string' ? value : JSON.stringify(value) ?? '' };
  return Object.assign({}, ...Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => flatSettings(each, prefix === '' ? key : `${prefix}.${key}`))) as Record<string, string>;
}

/**
 * Reads what is known of a folder: a run, a step of a life, or a life.
 *
 * @throws CliError E_NOT_FOUND for a folder that holds none of them.
 */
export async function readCompared(folder: string, name: string): Promise<Compared> {
  const life = await readLife(folder);
  if (life !== undefined) return comparedLife(folder, { name, life });
  // A step keeps its record beside its folder.
  const step = existsSync(join(dirname(folder), `${basename(folder)}.json`)) ? await readStep(dirname(folder), basename(folder)) : undefined;
  const measured = await recordedFigures(folder);
  const stage = await readStage(folder);
  if (stage !== undefined) {
    return { name, folder, kind: stage.stage, settings: { ...flatSettings(stage.options), ...deviceOf(stage) }, inputs: { ...stage.inputs, ...inputsOf(step) }, figures: { ...measured?.figures, ...beforeOf(measured?.before) } };
  }
  const run = await readRun(folder);
  if (run !== undefined) {
    return { name, folder, kind: 'pretrain', settings: { ...flatSettings(run.settings), ...deviceOf(run) }, inputs: { data: run.data.sha256, tokenizer: run.tokenizerSha256, ...run.init?.sha256, ...inputsOf(step) }, figures: { ...measured?.figures, ...beforeOf(measured?.before) } };
  }
  if (step !== undefined) return { name, folder, kind: step.run, settings: flatSettings(step.flags), inputs: inputsOf(step), figures: step.result?.figures ?? {} };
  const result = await readJson(folder, 'result.json') ?? await resultsFile(folder);
  if (result !== undefined) return { name, folder, kind: 'result', settings: {}, inputs: {}, figures: figuresOf(result as Record<string, unknown>).figures };
  throw new CliError('E_NOT_FOUND', `llm compare: expected a run, a step of a life or a life but found none in ${folder}. Name folders with run.json, stage.json, life.json or results.json.`);
}

/** Every step of a life as it was done last, under its name. */
async function comparedLife(folder: string, { name, life: { recipe, steps } }: { name: string; life: LifeFile }): Promise<Compared> {
  const figures: Record<string, number | null> = {};
  const inputs: Record<string, string> = {};
  for (const { step, folder: own } of new Map(steps.map((each) => [each.step, each])).values()) {
    const place = join(folder, own);
    const record = await readStep(dirname(place), basename(place));
    for (const [key, value] of Object.entries(record?.result?.figures ?? {})) figures[`${step}: ${key}`] = value;
    for (const { flag, step: from, path, sha256 } of record?.inputs ?? []) if (from === undefined) inputs[`${step}: ${flag} ${path}`] = sha256;
  }
  return { name, folder, kind: 'lifecycle', settings: flatSettings(recipe), inputs, figures };
}

const deviceOf = ({ device, environment }: { readonly device: { readonly name: string }; readonly environment: Readonly<Record<string, string | number>> }): Record<string, string> => ({ device: device.name, llm: String(environment.llm) });
const inputsOf = (step: StepRecord | undefined): Record<string, string> => Object.fromEntries((step?.inputs ?? []).map(({ flag, sha256 }) => [flag, sha256]));
const beforeOf = (before: StepFigures = {}): StepFigures => Object.fromEntries(Object.entries(before).map(([key, value]) => [`${key} (before)`, value]));

/** The results of lm-evaluation-harness, or of ours in its format. */
async function resultsFile(folder: string): Promise<unknown> {
  const text = await readFile(join(folder, 'results.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text) as unknown;
}

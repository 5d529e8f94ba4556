import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { DataReport } from '../corpus/prepare-data.ts';
import { typed } from '../lifecycle/command-line.ts';
import { recordedFigures, type StepFigures } from '../lifecycle/figures.ts';
import { readStep } from '../lifecycle/step-record.ts';
import { flatSettings } from '../compare/read-compared.ts';
import { readRun, type RunData, type RunRecord } from '../run/run-record.ts';
import { readStage } from '../stage/stage-record.ts';
import { readDataReport } from '../train/finish-run.ts';
import { findFolder } from '../train/open-run.ts';

/** One stage in the making of a model. */
export interface Ancestor {
  readonly name: string;
  readonly folder: string;
  /** The command. */
  readonly run: string;
  /** As it was, or could be, typed. */
  readonly command: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly figures: StepFigures;
  readonly before: StepFigures;
  readonly device?: string | undefined;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly data?: (DataReport & { readonly facts: RunData; readonly paths: readonly string[] | null }) | undefined;
}

/** Flags that name the model that a stage began with, the nearest forebear first. */
const FROM = ['model', 'run', 'teacher', 'init'];
/** Longer chains are circles. */
const MOST = 50;

/** The stages that made a model, the first of them first, as far as their folders are still there. */
export async function ancestryOf(folder: string, cwd: string): Promise<Ancestor[]> {
  const chain: Ancestor[] = [];
  for (let place: string | undefined = folder; place !== undefined && chain.length < MOST && !chain.some((each) => each.folder === place);) {
    const found: { ancestor: Ancestor; from: string | undefined } | undefined = await ancestorAt(place);
    if (found === undefined) break;
    chain.unshift(found.ancestor);
    const next: string | undefined = found.from === undefined ? undefined : findFolder(found.from, cwd);
    place = next !== undefined && existsSync(next) ? next : undefined;
  }
  return chain;
}

async function ancestorAt(folder: string): Promise<{ ancestor: Ancestor; from: string | undefined } | undefined> {
  const [step, stage, run] = [await readStep(dirname(folder), basename(folder)), await readStage(folder), await readRun(folder)];
  const measured = await recordedFigures(folder) ?? { figures: step?.result?.figures ?? {}, before: step?.result?.before ?? {} };
  const options: Readonly<Record<string, unknown>> | undefined = stage?.options ?? step?.flags;
  if (options === undefined && run === undefined) return undefined;
  const from = FROM.map((key) => options?.[key]).find((value) => typeof value === 'string') ?? run?.init?.folder;
  const inputs = { ...stage?.inputs, ...(run === undefined ? {} : { data: run.data.sha256, tokenizer: run.tokenizerSha256, ...run.init?.sha256 }), ...Object.fromEntries((step?.inputs ?? []).map(({ flag, sha256 }) => [flag, sha256])) };
  const name = stage?.stage ?? step?.run ?? 'pretrain';
  return {
    from: from as string | undefined,
    ancestor: {
      name: basename(folder), folder, run: name, inputs, ...measured,
      command: step?.command ?? (run === undefined || stage !== undefined ? commandOf(name, stage!.options, basename(folder)) : pretrainCommand(run)),
      settings: flatSettings(stage?.options ?? run?.settings ?? step?.flags), environment: stage?.environment ?? run?.environment ?? step?.environment ?? {}, device: (stage ?? run)?.device.description,
      ...(run === undefined ? {} : { data: { ...await readDataReport(folder), facts: run.data, paths: run.settings.data.paths } }),
    },
  };
}

function commandOf(stage: string, options: Readonly<Record<string, unknown>>, name: string): string {
  const words = Object.entries(options).flatMap(([key, value]): string[] => (typeof value === 'boolean' ? (value ? [`--${key}`] : []) : [value].flat().map((each) => `--${key}=${String(each)}`)));
  return typed(['llm', stage, ...words, `--name=${name}`]);
}

/** What repeats a run of `llm pretrain` or `llm quickstart`: all that was decided, not what was asked for. */
function pretrainCommand({ name, settings: { data, tokenizer, model, training }, init }: RunRecord): string {
  const shape = init === undefined ? [`--config=${String(model.model_type)}.json`] : [`--init=${init.folder}`];
  const { steps, batch, length, accumulate, lr, seed, precision, checkpointed } = training;
  return typed([
    'llm', 'pretrain', ...(data.paths ?? ['node_modules']).map((path) => `--data=${path}`), `--filters=${data.filters}`, ...shape, ...(init === undefined ? [`--vocab-size=${tokenizer.vocabSize}`, `--split=${tokenizer.split}`] : []),
    `--steps=${steps}`, `--batch=${batch}`, `--length=${length}`, `--accumulate=${accumulate}`, `--lr=${lr}`, `--seed=${seed}`, ...(precision === undefined ? [] : [`--precision=${precision}`]), ...(checkpointed ? ['--checkpointed'] : []), `--name=${name}`,
  ]);
}

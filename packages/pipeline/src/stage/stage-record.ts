import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import { replaceText } from '../run/replace-text.ts';
import type { RunDevice } from '../run/run-record.ts';

/** Named measurements: `val/accuracy`, `reward/mean`. */
export type Figures = Readonly<Record<string, number>>;

/** Everything about a stage after pretraining: stage.json. */
export interface StageRecord {
  readonly formatVersion: 1;
  /** The command: sft, dpo, … */
  readonly stage: string;
  readonly name: string;
  readonly createdAt: string;
  /** Every flag as it was decided when the run began. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What must be the same for the run to go on: hashes of the model and of the data. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly device: RunDevice;
  /** On held-out items before the first step. */
  readonly before?: Figures | undefined;
  readonly result?: StageResult | undefined;
}

export interface StageResult {
  readonly finishedAt: string;
  readonly steps: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Parameters that were trained, and all. */
  readonly trained: number;
  readonly parameters: number;
  /** On held-out items after the last step. */
  readonly after: Figures;
}

const whole = z.number().int().nonnegative();
const figures = z.record(z.string(), z.number());

const schema: z.ZodType<StageRecord> = z.strictObject({
  formatVersion: z.literal(1),
  stage: z.string(),
  name: z.string(),
  createdAt: z.string(),
  options: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string(), z.string()),
  environment: z.record(z.string(), z.union([z.string(), z.number()])),
  device: z.strictObject({ name: z.string(), description: z.string(), threads: whole, peakFlops: z.number().nullable(), readEvery: whole.positive().optional() }),
  before: figures.optional(),
  result: z.strictObject({ finishedAt: z.string(), steps: whole, tokens: whole, seconds: z.number(), trained: whole, parameters: whole, after: figures }).optional(),
});

export const STAGE_FILE = 'stage.json';

/** Writes `stage.json`, whole or not at all. */
export async function writeStage(folder: string, record: StageRecord): Promise<void> {
  await replaceText(join(folder, STAGE_FILE), `${JSON.stringify(schema.parse(record), null, 2)}\n`);
}

/** The record of a stage, or undefined where there is none yet. */
export async function readStage(folder: string): Promise<StageRecord | undefined> {
  const path = join(folder, STAGE_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CliError('E_RUN', `llm: expected JSON in ${path} but found something else. Remove the folder to start anew.`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new CliError('E_RUN', `llm: expected a run of this version in ${path} but found otherwise: ${z.prettifyError(parsed.error).split('\n').slice(0, 4).join(' ')}. Use the version that wrote it, or start anew with --fresh.`);
  return parsed.data;
}

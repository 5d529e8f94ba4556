import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evaluation } from '@llm/pretrain';
import type { Precision } from '@llm/tensor';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import type { Compression } from '../corpus/compression.ts';
import { replaceText } from './replace-text.ts';

/** What was chosen: all that decides a run, beside the text. */
export interface RunSettings {
  readonly data: {
    /** Null: the documentation of the installed packages. */
    readonly paths: readonly string[] | null;
    readonly filters: string;
    readonly validationShare: number;
    readonly tokenizerBytes: number;
    readonly validationBytes: number;
  };
  readonly tokenizer: { readonly vocabSize: number; readonly split: string; readonly file: string | null };
  /** As in config.json. */
  readonly model: Readonly<Record<string, unknown>>;
  readonly training: {
    readonly steps: number; readonly batch: number; readonly length: number; readonly accumulate: number;
    readonly lr: number; readonly minRatio: number; readonly warmupSteps: number;
    readonly beta1: number; readonly beta2: number; readonly weightDecay: number; readonly clipNorm: number;
    readonly seed: number; readonly checkpointed: boolean;
    /** Default f32. */
    readonly precision?: Precision | undefined;
    readonly evalEvery: number; readonly evalRows: number; readonly sampleEvery: number; readonly saveEvery: number;
  };
  readonly samples: { readonly prompts: readonly string[]; readonly maxTokens: number; readonly temperature: number };
}

/** What the text came to. */
export interface RunData {
  readonly sha256: string;
  readonly documents: number;
  readonly bytes: number;
  readonly trainDocuments: number;
  readonly trainTokens: number;
  readonly validationDocuments: number;
  readonly validationTokens: number;
  readonly validationBytes: number;
}

/** Weights that a run began with. */
export interface RunInit {
  /** Where they were; it is not needed again. */
  readonly folder: string;
  /** Of each of their files. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Values that are NaN or infinite. */
  readonly nonFinite: number;
}

/** What a run computes on. */
export interface RunDevice {
  readonly name: string;
  readonly description: string;
  readonly threads: number;
  readonly peakFlops: number | null;
  /** Steps between two looks at the losses, where a graphics card takes so little time for one that the looks would slow it; default 1. */
  readonly readEvery?: number | undefined;
}

/** How a run ended. */
export interface RunResult {
  readonly finishedAt: string;
  readonly steps: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  readonly parameters: number;
  /** On held-out text, after the first step, or before it where losses are looked at more seldom. */
  readonly initialLoss: number;
  /** On all held-out text. */
  readonly evaluation: Evaluation;
  readonly compressions: readonly Compression[];
  /** Between the logits of the model in memory and of the one that was saved and read back. */
  readonly reloadMaxDifference: number;
}

/** Everything about a run: run.json. */
export interface RunRecord {
  readonly formatVersion: 1;
  readonly name: string;
  readonly createdAt: string;
  readonly settings: RunSettings;
  readonly data: RunData;
  readonly tokenizerSha256: string;
  readonly tokenizerSize: number;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly device: RunDevice;
  /** What it ran on before, where it was told to go on with another device. */
  readonly earlierDevices?: readonly string[] | undefined;
  /** Where the first weights came from, where they were given. */
  readonly init?: RunInit | undefined;
  readonly result?: RunResult | undefined;
}

const whole = z.number().int().nonnegative();

const schema: z.ZodType<RunRecord> = z.strictObject({
  formatVersion: z.literal(1),
  name: z.string(),
  createdAt: z.string(),
  settings: z.strictObject({
    data: z.strictObject({ paths: z.array(z.string()).nullable(), filters: z.string(), validationShare: z.number(), tokenizerBytes: whole, validationBytes: whole }),
    tokenizer: z.strictObject({ vocabSize: whole, split: z.string(), file: z.string().nullable() }),
    model: z.record(z.string(), z.unknown()),
    training: z.strictObject({
      steps: whole, batch: whole, length: whole, accumulate: whole, lr: z.number(), minRatio: z.number(), warmupSteps: whole,
      beta1: z.number(), beta2: z.number(), weightDecay: z.number(), clipNorm: z.number(), seed: whole, checkpointed: z.boolean(), precision: z.enum(['f32', 'f16']).optional(),
      evalEvery: whole, evalRows: whole, sampleEvery: whole, saveEvery: whole,
    }),
    samples: z.strictObject({ prompts: z.array(z.string()), maxTokens: whole, temperature: z.number() }),
  }),
  data: z.strictObject({
    sha256: z.string(), documents: whole, bytes: whole,
    trainDocuments: whole, trainTokens: whole, validationDocuments: whole, validationTokens: whole, validationBytes: whole,
  }),
  tokenizerSha256: z.string(),
  tokenizerSize: whole,
  environment: z.record(z.string(), z.union([z.string(), z.number()])),
  device: z.strictObject({ name: z.string(), description: z.string(), threads: whole, peakFlops: z.number().nullable(), readEvery: whole.positive().optional() }),
  earlierDevices: z.array(z.string()).optional(),
  init: z.strictObject({ folder: z.string(), sha256: z.record(z.string(), z.string()), nonFinite: whole }).optional(),
  result: z.strictObject({
    finishedAt: z.string(), steps: whole, tokens: whole, seconds: z.number(), tokensPerSecond: z.number(), parameters: whole, initialLoss: z.number(),
    evaluation: z.strictObject({ loss: z.number(), perplexity: z.number(), bitsPerByte: z.number(), targets: whole, bytes: whole }),
    compressions: z.array(z.strictObject({ name: z.string(), bytes: whole, bitsPerByte: z.number() })),
    reloadMaxDifference: z.number(),
  }).optional(),
});

export const RUN_FILE = 'run.json';

/** The SHA-256 of a text or of bytes, in hexadecimal. */
export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Writes `run.json`, whole or not at all. */
export async function writeRun(folder: string, record: RunRecord): Promise<void> {
  await replaceText(join(folder, RUN_FILE), `${JSON.stringify(schema.parse(record), null, 2)}\n`);
}

/** The record of a run, or undefined where there is none yet. */
export async function readRun(folder: string): Promise<RunRecord | undefined> {
  const path = join(folder, RUN_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
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

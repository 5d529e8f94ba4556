import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { redactData } from '@llm/safety';
import { z } from 'zod';
import { replaceText } from '../run/replace-text.ts';
import type { StepFigures } from './figures.ts';
import type { Flags } from './recipe-shape.ts';

/** Something that a step was made from: another step, or a file or folder of the user's. */
export interface StepInput {
  readonly flag: string;
  /** The step that made it, where one did. */
  readonly step?: string | undefined;
  readonly path: string;
  readonly sha256: string;
}

/** Everything about one step: a file beside its folder, of its name. */
export interface StepRecord {
  readonly formatVersion: 1;
  readonly step: string;
  /** Its folder in that of the lifecycle: the step, and what sets it apart from others of the same. */
  readonly place: string;
  readonly run: string;
  readonly flags: Flags;
  /** Of the command, its flags and everything that it was made from. */
  readonly hash: string;
  readonly inputs: readonly StepInput[];
  readonly state: 'running' | 'done';
  readonly startedAt: string;
  readonly environment: Readonly<Record<string, string | number>>;
  /** As it was typed. */
  readonly command: string;
  readonly result?: StepOutcome | undefined;
}

/** How a step ended. */
export interface StepOutcome {
  readonly finishedAt: string;
  /** All calls together, those that were stopped too as far as they are known. */
  readonly seconds: number;
  readonly figures: StepFigures;
  readonly before: StepFigures;
  /** SHA-256 of each file of the result. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Of all of them together. */
  readonly sha256: string;
  /** Of the weights, where there are any. */
  readonly bytes: number;
  /** Floating-point operations, as far as they are counted. */
  readonly flops?: number | undefined;
}

const figures = z.record(z.string(), z.number().nullable());
const flag = z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]);

const schema: z.ZodType<StepRecord> = z.strictObject({
  formatVersion: z.literal(1), step: z.string(), place: z.string(), run: z.string(), flags: z.record(z.string(), flag), hash: z.string(),
  inputs: z.array(z.strictObject({ flag: z.string(), step: z.string().optional(), path: z.string(), sha256: z.string() })),
  state: z.enum(['running', 'done']), startedAt: z.string(), environment: z.record(z.string(), z.union([z.string(), z.number()])), command: z.string(),
  result: z.strictObject({
    finishedAt: z.string(), seconds: z.number(), figures, before: figures, outputs: z.record(z.string(), z.string()), sha256: z.string(), bytes: z.number(), flops: z.number().optional(),
  }).optional(),
});

const pathOf = (root: string, folderName: string): string => join(root, `${folderName}.json`);

/** Writes the record of a step, whole or not at all. */
export async function writeStep(root: string, folderName: string, record: StepRecord): Promise<void> {
  await replaceText(pathOf(root, folderName), `${JSON.stringify(redactData(schema.parse(record), { env: process.env }), null, 2)}\n`);
}

/** The record of a step; undefined where there is none, or none of this version: the step is then done again. */
export async function readStep(root: string, folderName: string): Promise<StepRecord | undefined> {
  const text = await readFile(pathOf(root, folderName), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMetrics } from '../run/metrics-log.ts';
import { readRun } from '../run/run-record.ts';
import { readStage } from '../stage/stage-record.ts';
import { runPaths } from '../train/run-paths.ts';
import type { Flags } from './recipe-shape.ts';

/** Named measurements of a step; a value that is no finite number is null. */
export type StepFigures = Readonly<Record<string, number | null>>;

/** Stages that compare two completions. */
export const PAIRED: ReadonlySet<string> = new Set(['dpo', 'reward']);

/** What a step measured: at its end, and of what it began with. */
export interface Measured {
  readonly figures: StepFigures;
  readonly before: StepFigures;
}

/** `bitsPerByte` → `bits_per_byte`; names that hold anything but letters stay as they are. */
const snake = (name: string): string => (/^[a-zA-Z]+$/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name);

/** Every number in a result, by its path: `results/arc_easy/acc`. */
export function numbersIn(result: unknown, prefix = ''): Record<string, number | null> {
  if (typeof result === 'number') return { [prefix]: Number.isFinite(result) ? result : null };
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return {};
  return Object.assign({}, ...Object.entries(result).map(([key, value]) => numbersIn(value, prefix === '' ? snake(key) : `${prefix}/${snake(key)}`))) as Record<string, number | null>;
}

/** What a finished run says of itself in run.json or stage.json; undefined where there is neither, or it is not finished. */
export async function recordedFigures(folder: string): Promise<Measured | undefined> {
  const stage = await readStage(folder);
  if (stage?.result !== undefined) {
    const { after, steps, tokens: counted, seconds, trained, parameters } = stage.result;
    // What comparisons count is pairs.
    const amount = PAIRED.has(stage.stage) ? { pairs: counted } : { tokens: counted, tokens_per_second: seconds === 0 ? null : counted / seconds };
    return { figures: { ...after, ...await distilled(folder), steps, ...amount, seconds, trained, parameters }, before: stage.before ?? {} };
  }
  const run = await readRun(folder);
  if (run?.result === undefined) return undefined;
  const { evaluation: { loss, perplexity, bitsPerByte }, initialLoss, steps, tokens, seconds, parameters, tokensPerSecond } = run.result;
  return { figures: { loss, perplexity, bits_per_byte: bitsPerByte, steps, tokens, seconds, trained: parameters, parameters, tokens_per_second: tokensPerSecond }, before: { loss: initialLoss, ...firstLook(folder) } };
}

/** Held-out bits per byte at the first look, where there was one. */
function firstLook(folder: string): StepFigures {
  const found = readMetrics(runPaths(folder).metrics).find(({ val_bits_per_byte: bits }) => bits !== undefined)?.val_bits_per_byte;
  return found === undefined ? {} : { bits_per_byte: found };
}

/** What a student is beside its teacher: measured when it is saved, and kept in a file of its own. */
async function distilled(folder: string): Promise<StepFigures> {
  const { quality_drop, size_reduction, speed_up } = (await readJson(folder, 'distillation.json') ?? {}) as Record<string, unknown>;
  return numbersIn(Object.fromEntries(Object.entries({ quality_drop, size_reduction, speed_up }).filter(([, value]) => value !== undefined)));
}

/** Whether a run was begun in a folder, finished or not. */
export async function wasBegun(folder: string): Promise<boolean> {
  return existsSync(folder) && ((await readStage(folder)) !== undefined || (await readRun(folder)) !== undefined);
}

/** Which of the objects that a command wrote with --json is its result: the last that is neither a notice nor a step. */
export function resultOf(lines: readonly unknown[]): Readonly<Record<string, unknown>> {
  const found = lines.findLast((line) => typeof line === 'object' && line !== null && !['notice', 'step', 'stopped'].includes(String((line as { type?: unknown }).type)));
  return (found ?? {}) as Readonly<Record<string, unknown>>;
}

const STAGE = ['steps', 'seconds', 'trained', 'parameters'];
const TOKENS = ['tokens', 'tokens_per_second'];
const ANSWERS = ['val/loss', 'val/token_accuracy'];

/** The figures that a command is known to measure with these flags, the telling ones first; undefined where that is found out by running it. */
export function figuresKnownFor(command: string, flags: Flags): readonly string[] | undefined {
  const has = (flag: string): boolean => flags[flag] !== undefined && flags[flag] !== false && [flags[flag]].flat().length > 0;
  const stage = (...own: string[]): string[] => [...own, ...STAGE, ...(PAIRED.has(command) ? ['pairs'] : TOKENS)];
  switch (command) {
    case 'pretrain': case 'quickstart': return stage('bits_per_byte', 'perplexity', 'loss');
    case 'sft': case 'lora': return stage(...(flags['eval-answers'] === 0 ? [] : ['val/exact_match']), ...ANSWERS);
    case 'dpo': return stage(...(has('judge') ? ['val/win_rate'] : []), 'val/reward_accuracy', 'val/loss', 'val/margin', 'val/chosen_logp', 'val/rejected_logp');
    case 'reward': return stage('val/accuracy', 'val/loss', 'val/margin');
    default: return undefined;
  }
}

/** The JSON of a file in a folder, or undefined. */
export async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text) as unknown;
}

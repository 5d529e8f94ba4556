import { stat } from 'node:fs/promises';
import { extname, relative, resolve, sep } from 'node:path';
import { createLedger, type SkippedReport } from '../../ledger.ts';
import { isAcross, isFilterStep, type Recipe } from '../../shards/step.ts';
import type { Rule } from '../../types.ts';
import { DataError } from '../../data-error.ts';
import { findFiles } from '../find-files.ts';
import { openRegularFile } from '../open-regular-file.ts';
import type { ReadDocumentsOptions } from '../read-documents.ts';
import { hashJson } from './run-folder.ts';

/** How the input is read. */
export type ReadOptions = Pick<ReadDocumentsOptions, 'include' | 'exclude' | 'maxDocumentBytes' | 'skipBad' | 'textField' | 'skipUnreadable'>;

/** A file, or the bytes from one line to another of a large one. */
export interface ShardPart {
  readonly path: string;
  /** What documents call it. */
  readonly source: string;
  readonly size: number;
  /** When it was last changed, in milliseconds. */
  readonly modified: number;
  readonly start?: number;
  readonly end?: number;
}

/** What one worker does at a time. */
export interface ShardTask {
  readonly index: number;
  readonly parts: readonly ShardPart[];
  readonly bytes: number;
}

/** What a recipe is, for people and for the hash. */
export interface RecipeRecord {
  readonly name: string;
  readonly options?: unknown;
  readonly steps: readonly { readonly name: string; readonly rules?: readonly Rule[]; readonly settings?: unknown }[];
}

/** All that a run is going to do. The same inputs and the same recipe give the same plan. */
export interface ShardPlan {
  readonly format: 1;
  /** Hash of everything that the result depends on, but for the files. */
  readonly key: string;
  readonly recipe: RecipeRecord;
  readonly measured: boolean;
  readonly gzip: boolean;
  readonly read: ReadOptions;
  readonly tasks: readonly ShardTask[];
  readonly inputs: { readonly files: number; readonly bytes: number };
  /** What was passed over in folders. */
  readonly skipped: readonly SkippedReport[];
}

/** A recipe by its steps. */
export function describeRecipe(steps: Recipe, { name, options }: { name: string; options?: unknown }): RecipeRecord {
  const described = steps.map((step) => {
    if (isAcross(step)) return { name: step.name, rules: [step.rule], settings: step.settings };
    return isFilterStep(step) ? { name: step.filter.name, rules: step.filter.rules } : { name: step.name };
  });
  return { name, ...(options === undefined ? {} : { options }), steps: described };
}

/** Files whose bytes can be cut between two lines: each line stands for itself. */
const CUT_AT_LINES = ['.jsonl', '.ndjson', '.txt', '.text'];
const LF = 10;

/** The first place after a line feed at or behind `from`; the end of the file where there is none. */
async function lineAfter(path: string, { from, size }: { from: number; size: number }): Promise<number> {
  const handle = await openRegularFile(path, { followSymlinks: false, maxFileBytes: Infinity });
  try {
    const buffer = new Uint8Array(64 * 1024);
    for (let at = from; at < size; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return size;
      const found = buffer.subarray(0, bytesRead).indexOf(LF);
      if (found >= 0) return at + found + 1;
      at += bytesRead;
    }
    return size;
  } finally {
    await handle.close();
  }
}

async function* cutFile(part: ShardPart, shardBytes: number): AsyncGenerator<ShardPart> {
  if (part.size <= 1.5 * shardBytes || !CUT_AT_LINES.includes(extname(part.path).toLowerCase())) {
    yield part;
    return;
  }
  for (let start = 0; start < part.size; ) {
    const end = part.size - start <= 1.5 * shardBytes ? part.size : await lineAfter(part.path, { from: start + shardBytes - 1, size: part.size });
    yield { ...part, start, end };
    start = end;
  }
}

/** Whether a path is that of a dataset on the Hub, which is read as one part: another `@revision` is another input. */
export const isHubPath = (path: string): boolean => path.startsWith('hf://');

async function* inputFiles(paths: readonly string[], { include, exclude, skipUnreadable = false }: ReadOptions, { onSkip, signal }: { onSkip: (reason: string, path: string) => void; signal: AbortSignal | undefined }): AsyncGenerator<ShardPart> {
  for (const start of paths) {
    if (isHubPath(start)) {
      yield { path: start, source: start, size: 0, modified: 0 };
      continue;
    }
    for await (const { path, folder } of findFiles(start, { include, exclude, followSymlinks: false, onSkip, signal, skipUnreadable })) {
      const { size, mtimeMs } = await stat(path);
      yield { path: resolve(path), source: relative(folder, path).split(sep).join('/'), size, modified: mtimeMs };
    }
  }
}

const bytesOf = ({ size, start = 0, end = size }: ShardPart): number => end - start;

/** Divides files, folders and patterns into numbered tasks of about `shardBytes`: small files together, large ones cut between lines. */
export async function planShards(
  paths: readonly string[],
  { recipe, measured, gzip, read, shardBytes, signal }: { recipe: RecipeRecord; measured: boolean; gzip: boolean; read: ReadOptions; shardBytes: number; signal: AbortSignal | undefined },
): Promise<ShardPlan> {
  const ledger = createLedger();
  const tasks: ShardTask[] = [];
  let parts: ShardPart[] = [];
  let bytes = 0;
  let files = 0;
  const close = (): void => {
    if (parts.length > 0) tasks.push({ index: tasks.length, parts, bytes });
    parts = [];
    bytes = 0;
  };
  for await (const file of inputFiles(paths, read, { onSkip: ledger.skippedInput, signal })) {
    files++;
    for await (const part of cutFile(file, shardBytes)) {
      if (parts.length > 0 && (isHubPath(part.path) || bytes + bytesOf(part) > shardBytes)) close();
      parts.push(part);
      bytes += bytesOf(part);
    }
  }
  close();
  const { skipped } = ledger.toJSON();
  if (tasks.length === 0) {
    const saw = skipped.map(({ reason, count }) => `${count} × ${reason}`).join(', ');
    throw new DataError('E_EMPTY', { problem: `runShards: expected at least one file but found none in ${paths.slice(0, 3).join(', ')}${saw === '' ? '' : `, passed over ${saw}`}`, remedy: 'Check the paths, or name further file types with include.' });
  }
  const total = tasks.reduce((sum, task) => sum + task.bytes, 0);
  return { format: 1, key: hashJson([1, recipe, measured, gzip, read]), recipe, measured, gzip, read, tasks, inputs: { files, bytes: total }, skipped };
}

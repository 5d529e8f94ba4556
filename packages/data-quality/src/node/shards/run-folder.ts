import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerReport } from '../../ledger.ts';
import type { DropExample } from '../../shards/decision.ts';
import { writeWhole } from './atomic-file.ts';

/** A file that a task wrote. */
export interface TaskFile {
  /** Below the folder of the run. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Lines, where it has any. */
  readonly documents: number;
}

/** What a task leaves behind when all of its files are there. */
export interface DoneRecord {
  /** Hash of all that it was made from; another one means that it has to be done again. */
  readonly key: string;
  readonly files: Readonly<Record<string, TaskFile>>;
  readonly ledger?: LedgerReport;
  readonly examples?: readonly DropExample[];
  /** Bad lines that were passed over, for each part that is one of a file that was cut. */
  readonly bad?: readonly number[];
  /** Of the text that came out, in UTF-16 units: how much work the next pass is. */
  readonly characters?: number;
}

/** Why a task could not be done. */
export interface FailedTask {
  /** As its marker is called, such as `pass-0-00012`. */
  readonly name: string;
  readonly error: string;
  /** Of the kind `E_…`, where it has one. */
  readonly code?: string;
  /** The document that was being worked on. */
  readonly document?: string;
  readonly inputs: readonly string[];
}

/** A task's number in names of files. */
export const numbered = (task: number): string => String(task).padStart(5, '0');
/** The marker of a task in a pass. */
export const passName = (pass: number, task: number): string => `pass-${pass}-${numbered(task)}`;
/** The marker of a decision over all tasks, or of what it says of one. */
export const acrossName = (barrier: number, task?: number): string => `across-${barrier}${task === undefined ? '' : `-${numbered(task)}`}`;

/** Where everything is. */
export interface RunFolder {
  readonly out: string;
  readonly plan: string;
  readonly temporary: string;
  readonly lock: (name: string) => string;
  readonly done: (name: string) => string;
  readonly failed: (name: string) => string;
}

/** Paths of a run. */
export const runFolder = (out: string): RunFolder => ({
  out,
  plan: join(out, 'run', 'plan.json'),
  temporary: join(out, 'run', 'tmp'),
  lock: (name) => join(out, 'run', 'locks', name),
  done: (name) => join(out, 'run', 'done', `${name}.json`),
  failed: (name) => join(out, 'run', 'failed', `${name}.json`),
});

/** One hash of a value that JSON can hold. */
export const hashJson = (value: unknown): string => createHash('sha256').update(JSON.stringify(value) ?? '').digest('hex');

/** Reads JSON; undefined where there is no such file, or none that is whole. */
export async function readJsonFile<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** The record of a task that is done: that of this key, whose files are there in their sizes. */
export async function readDone(folder: RunFolder, name: string, key?: string): Promise<DoneRecord | undefined> {
  const record = await readJsonFile<DoneRecord>(folder.done(name));
  if (record === undefined || (key !== undefined && record.key !== key)) return undefined;
  for (const file of Object.values(record.files)) {
    const facts = await stat(join(folder.out, file.name)).catch(() => undefined);
    if (facts?.size !== file.bytes) return undefined;
  }
  return record;
}

/** Marks a task as done; its files have to be there. */
export async function writeDone(folder: RunFolder, name: string, record: DoneRecord): Promise<void> {
  await writeWhole(folder.done(name), `${JSON.stringify(record)}\n`, folder);
}

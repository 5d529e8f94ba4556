import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ArgsDef } from 'citty';
import { type Filter, overrideFilters } from '@llm/data-quality';
import type { z } from 'zod';
import { UsageError } from '../cli/cli-error.ts';
import { integer, paths, text } from '../cli/command.ts';
import type { Io } from '../cli/io.ts';
import { filterArgs, filterFields } from '../commands/shared-args.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { type DecidedData, decidePaths } from './decided.ts';
import { readOverrides } from './overrides.ts';
import { isRunFolder, readRunFolder } from './run-folder.ts';

/** Flags of the commands that look at a data set. */
export const dataArgs: ArgsDef = {
  paths: { type: 'positional', description: 'A folder that llm data --out made, or files and folders of text to decide on now', required: true },
  'skip-bad': { type: 'string', valueHint: 'lines', description: 'Bad lines of JSON Lines to pass over in each file', default: '0' },
  'text-field': { type: 'string', valueHint: 'name', description: 'Field of JSON Lines that holds the text', default: 'text' },
  overrides: { type: 'string', valueHint: 'overrides.jsonl', description: 'What people decided (llm data review apply), for files that are decided on now' },
  ...filterArgs,
};
export const dataFields: { paths: z.ZodType<string[]>; 'skip-bad': z.ZodType<number>; 'text-field': z.ZodType<string>; overrides: z.ZodType<string | undefined>; filters: z.ZodType<string>; json: z.ZodType<boolean> } = {
  paths, 'skip-bad': integer(0), 'text-field': text('a name'), overrides: text('a file').optional(), ...filterFields,
};

export interface OpenDataOptions {
  readonly filters: string;
  readonly 'skip-bad': number;
  readonly 'text-field': string;
  readonly overrides?: string | undefined;
}

/** The folder of `llm data --out` that paths stand for; undefined for files and folders of text. */
export function runFolderOf(from: readonly string[], cwd: string): string | undefined {
  const [folder] = from.map((path) => resolve(cwd, path)).filter((path) => existsSync(path) && statSync(path).isDirectory() && isRunFolder(path));
  if (folder !== undefined && from.length > 1) throw new UsageError(`llm data: expected one folder of llm data --out, or files and folders of text, but found both or several: ${from.join(', ')}. Name them one at a time.`);
  return folder;
}

/** A folder of `llm data --out` as it stands, or files decided on now. */
export async function openData(from: readonly string[], { filters, 'skip-bad': skipBad, 'text-field': textField, overrides }: OpenDataOptions, io: Io): Promise<DecidedData> {
  const folder = runFolderOf(from, io.cwd);
  if (folder !== undefined && overrides !== undefined) throw new UsageError(`llm data: expected no --overrides for ${from.join(', ')}, which is decided on already, but found ${overrides}. Name the files that went into it.`);
  if (folder !== undefined) return readRunFolder(folder);
  const decided = overrides === undefined ? undefined : await readOverrides(resolve(io.cwd, overrides));
  const wrap = decided && ((filters: Filter[]): Filter[] => overrideFilters(filters, decided));
  return decidePaths(from, { filters: FILTER_SETS[filters]!, cwd: io.cwd, signal: io.stop, skipBad, textField, ...(wrap === undefined ? {} : { wrap }) });
}

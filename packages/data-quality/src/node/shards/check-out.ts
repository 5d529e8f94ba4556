import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '../../data-error.ts';
import { wouldFind } from '../find-files.ts';
import { isWithin } from '../is-within.ts';
import { isHubPath, type ReadOptions, type ShardPlan } from './plan-shards.ts';

/** Some of what a run writes, of every kind of place. */
const WRITTEN = ['data-00000.jsonl', 'data-00000.jsonl.gz', 'decisions/00000.jsonl', 'decisions/00000.jsonl.gz', 'manifest.json', 'run/plan.json', 'run/work/0-00000.jsonl', 'run/work/0-00000.jsonl.gz'];

const ownOutput = (out: string, input: string): DataError => new DataError('E_OUTPUT', {
  problem: `runShards: expected a folder outside of what is read but found it in ${input}`, remedy: 'Name another one, or exclude it: a second run would take what this one writes for data.', file: out,
});

/** Refuses a folder that holds something else, as results of other plans are removed there, and one whose files the next run would read. */
export async function checkOut(out: string, paths: readonly string[], { include, exclude }: ReadOptions): Promise<void> {
  const names = await readdir(out).catch((error: unknown): string[] => {
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0 && !names.includes('run') && !names.includes('manifest.json')) throw new DataError('E_NOT_EMPTY', { problem: `runShards: expected a new folder, or that of an earlier run, but found ${names.slice(0, 3).join(', ')} in it`, remedy: 'Name another one.', file: out });
  for (const path of paths) {
    if (isHubPath(path)) continue;
    for (const name of WRITTEN) if (await wouldFind(path, join(out, name), { include, exclude })) throw ownOutput(out, path);
  }
}

/** Refuses a plan that reads a file out of the folder of the result. */
export function checkPlan({ tasks }: ShardPlan, out: string): void {
  const checked = new Set<string>();
  for (const { path } of tasks.flatMap(({ parts }) => parts)) {
    const folder = dirname(path);
    if (isHubPath(path) || checked.has(folder)) continue;
    checked.add(folder);
    if (isWithin(folder, out)) throw ownOutput(out, path);
  }
}

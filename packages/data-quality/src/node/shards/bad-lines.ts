import { DataError } from '../../data-error.ts';
import type { ShardPlan } from './plan-shards.ts';
import { passName, readDone, runFolder } from './run-folder.ts';

/**
 * The first task in which a file that was cut has more bad lines than it may, counted over its parts in the order of the plan, and what
 * to say of it. Each part by itself keeps within `skipBad`.
 */
export async function overBudget(out: string, { tasks, read: { skipBad = 0 } }: ShardPlan): Promise<{ task: number; error: DataError } | undefined> {
  let sum = 0;
  for (const { index, parts } of tasks) {
    if (!parts.some(({ start }) => start !== undefined)) continue;
    const { bad = [] } = (await readDone(runFolder(out), passName(0, index))) ?? {};
    for (const [i, { source, path, start = 0 }] of parts.entries()) {
      sum = (start === 0 ? 0 : sum) + (bad[i] ?? 0);
      if (sum <= skipBad) continue;
      return { task: index, error: new DataError('E_JSONL', { problem: `runShards: expected at most ${skipBad} bad lines in ${source} but found ${sum} up to the end of its part at byte ${start}`, remedy: 'Fix the lines, or raise skipBad.', file: path }) };
    }
  }
  return undefined;
}

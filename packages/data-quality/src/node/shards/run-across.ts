import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShardBytes } from '../../minhash/shard-bytes.ts';
import type { AcrossShards } from '../../shards/step.ts';
import { rangesOf } from '../open-regular-file.ts';
import { writeWhole } from './atomic-file.ts';
import { acrossName, hashJson, numbered, passName, readDone, runFolder, writeDone, type DoneRecord, type TaskFile } from './run-folder.ts';
import { passesOf, type TaskOptions } from './run-pass.ts';

/** The key of a decision over all tasks, and their summaries; undefined where one is not there yet. */
export async function acrossInputs({ out, plan }: Pick<TaskOptions, 'out' | 'plan'>, barrier: number): Promise<{ key: string; summaries: TaskFile[] } | undefined> {
  const summaries: TaskFile[] = [];
  for (const { index } of plan.tasks) {
    const summary = (await readDone(runFolder(out), passName(barrier, index)))?.files['summary'];
    if (!summary) return undefined;
    summaries.push(summary);
  }
  return { key: hashJson([plan.key, barrier, summaries.map(({ sha256 }) => sha256)]), summaries };
}

/** Reads ranges of a file that is opened for each alone: there may be more of them than a process may hold open. What is cut off ends sooner. */
function summaryBytes(file: string): ShardBytes {
  return {
    read: async (start, end) => {
      const handle = await open(file, 'r');
      try {
        const { byteLength, slice } = await rangesOf(handle, { file, signal: undefined });
        return new Uint8Array(await slice(start, Math.max(start, Math.min(end, byteLength))));
      } finally {
        await handle.close();
      }
    },
  };
}

/** Decides over the summaries of all tasks, and writes for each the size of the group of every document that goes, 0 for the others. */
export async function runAcross({ out, plan, recipe }: Pick<TaskOptions, 'out' | 'plan' | 'recipe'>, barrier: number): Promise<DoneRecord> {
  const inputs = await acrossInputs({ out, plan }, barrier);
  if (inputs === undefined) throw new Error(`runShards: expected pass ${barrier} of all tasks to be done but found that it is not. Run the passes in order.`);
  const folder = runFolder(out);
  const across = passesOf(recipe)[barrier]?.across as AcrossShards;
  const decided = await across.decide(inputs.summaries.map(({ name }) => summaryBytes(join(out, name))));
  for (const [task, { removed, sizes }] of decided.entries()) {
    const groups = Uint32Array.from(removed, (gone, i) => (gone ? (sizes[i] as number) : 0));
    const name = `run/work/across-${barrier}-${numbered(task)}.groups`;
    const file = { name, documents: removed.length, ...(await writeWhole(join(out, name), new Uint8Array(groups.buffer), folder)) };
    await writeDone(folder, acrossName(barrier, task), { key: inputs.key, files: { groups: file } });
  }
  const record: DoneRecord = { key: inputs.key, files: {} };
  await writeDone(folder, acrossName(barrier), record);
  return record;
}

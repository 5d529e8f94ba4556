import { rm } from 'node:fs/promises';
import { writeWhole } from './atomic-file.ts';
import { runAcross } from './run-across.ts';
import { acrossName, passName, runFolder, type DoneRecord, type FailedTask } from './run-folder.ts';
import { runPass, type TaskOptions } from './run-pass.ts';
import type { RecipeMaker } from './shard-recipe.ts';

/** A task of a pass, or a decision over all of them. */
export type Job = { readonly pass: number; readonly task: number } | { readonly barrier: number };

/** As its marker is called. */
export const jobName = (job: Job): string => ('barrier' in job ? acrossName(job.barrier) : passName(job.pass, job.task));

/** How far a job is. */
export interface JobProgress {
  readonly documents: number;
  /** Of text that was read, in UTF-16 units. */
  readonly characters: number;
}

export interface JobOptions extends Omit<TaskOptions, 'recipe'> {
  readonly makeRecipe: RecipeMaker;
}

/** Does a job in this process. */
export async function runJob(job: Job, { makeRecipe, ...options }: JobOptions): Promise<DoneRecord> {
  const done = await ('barrier' in job ? runAcross({ ...options, recipe: makeRecipe() }, job.barrier) : runPass({ ...options, recipe: makeRecipe() }, job));
  await rm(runFolder(options.out).failed(jobName(job)), { force: true });
  return done;
}

/** Why a job failed, written where the next run and people find it. */
export async function noteFailure(job: Job, { out, plan, error, document }: Pick<TaskOptions, 'out' | 'plan'> & { error: { message: string; code?: unknown }; document: string | undefined }): Promise<FailedTask> {
  const failed: FailedTask = {
    name: jobName(job),
    error: error.message,
    ...(typeof error.code === 'string' ? { code: error.code } : {}),
    ...(document === undefined ? {} : { document }),
    inputs: 'barrier' in job ? [] : (plan.tasks[job.task]?.parts.map(({ source, start }) => (start === undefined ? source : `${source}@${start}`)) ?? []),
  };
  const folder = runFolder(out);
  await writeWhole(folder.failed(failed.name), `${JSON.stringify(failed)}\n`, folder);
  return failed;
}

import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { DataError } from '../../data-error.ts';
import type { LedgerReport } from '../../ledger.ts';
import type { DropExample } from '../../shards/decision.ts';
import { sleep } from '../../sleep.ts';
import { sweepUnfinished, writeWhole } from './atomic-file.ts';
import { checkOut, checkPlan } from './check-out.ts';
import { finishRun, type RunManifest } from './finish-run.ts';
import { overBudget } from './bad-lines.ts';
import { jobName, noteFailure, type Job } from './job.ts';
import { describeRecipe, planShards, type ReadOptions, type ShardPlan } from './plan-shards.ts';
import { acrossInputs } from './run-across.ts';
import { acrossName, passName, readDone, readJsonFile, runFolder, type DoneRecord, type FailedTask } from './run-folder.ts';
import { passesOf, passInputs, stagesOf } from './run-pass.ts';
import { loadRecipe, type RecipeFunction, type RecipeModule } from './shard-recipe.ts';
import { followProgress, type ShardProgress } from './shard-progress.ts';
import { withStageLock } from './stage-lock.ts';
import { createPool } from './worker-pool.ts';

export interface RunShardsOptions {
  /** Folder of the result. Has to be new, or that of such a run. */
  readonly out: string;
  /** A module that makes the steps, or, without workers, a function. */
  readonly recipe: RecipeModule | RecipeFunction;
  /** Processes at the same time; 0 does everything in this one. Default: as many as there are cores for a module, 0 for a function. */
  readonly workers?: number;
  /** Largest heap of a worker, in MiB. Default that of Node. */
  readonly maxHeapMib?: number;
  /** About how much input makes a task. Default 64 MiB. */
  readonly shardBytes?: number;
  /** Default true. */
  readonly gzip?: boolean;
  /**
   * Whether decisions tell what rules measured: of each document all filters up to the next step over all shards, also those behind the
   * one that drops it. Behind that step only what comes through it is measured. Default false.
   */
  readonly measure?: boolean;
  /** `skipBad` counts for a file, however many tasks it is cut into. */
  readonly read?: ReadOptions;
  /** This process is number `rank` of `worldSize` that share the folder: of task i, rank i mod worldSize takes care. */
  readonly rank?: number;
  readonly worldSize?: number;
  /** Only this stage, without waiting for other ranks: `pass-0`, `across-0`, `pass-1` … */
  readonly stage?: string;
  /** How long to wait for other ranks while none of them gets anything done. Default 3600. */
  readonly maxWaitSeconds?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ShardProgress) => void;
}

/** What became of a run. */
export interface ShardRun {
  /** Tasks that failed; the run is not complete, and goes on with them when it is started again. */
  readonly failed: readonly FailedTask[];
  /** Of a complete run; undefined where tasks failed, or where other ranks and stages are still to come. */
  readonly result: { readonly manifest: RunManifest; readonly ledger: LedgerReport; readonly examples: readonly DropExample[] } | undefined;
  /** Tasks that were done before, and now. */
  readonly tasksSkipped: number;
  readonly tasksDone: number;
}

const POLL_MS = 500;

/**
 * Runs a recipe over files and folders, task by task, into a folder of shards. The input is divided into numbered tasks (large
 * plain files are cut between lines); each task writes its files and then a marker of what it was made from, so that a run that was
 * killed at any moment goes on where it was, with the same bytes in the end; what has changed since is done again. A step over all
 * shards is a barrier: all tasks before it, one decision, all tasks after it. Tasks run in processes of their own: one that dies
 * fails its task, and the others go on.
 *
 * The folder then holds `data-00000.jsonl.gz` …, `decisions/00000.jsonl.gz` … (a line for each document that went in),
 * `ledger.json`, `examples.json`, and last `manifest.json`; `run/` holds what is needed to go on. Memory is that of one
 * document and one summary for each worker.
 *
 * Throws DataError E_EMPTY without any document, E_NOT_EMPTY for a folder of something else, E_OUTPUT for one in which files would be
 * found as input, E_INCOMPLETE where a stage needs
 * what is not there, RangeError for numbers that make no sense; what goes wrong in a task is in `failed`.
 *
 * @example
 * ```ts no-run
 * import { runShards } from '@llm/data-quality/node';
 * const recipe = { module: import.meta.resolve('@llm/data-quality/shards/fineweb-recipe'), name: 'finewebRecipe', options: { languages: ['en'] } };
 * const { result, failed } = await runShards(['crawl/*.jsonl'], { out: 'clean', recipe, workers: 8 });
 * console.log(result?.manifest.documents, failed);
 * ```
 */
export async function runShards(paths: readonly string[], options: RunShardsOptions): Promise<ShardRun> {
  const { recipe, shardBytes = 64 * 1024 ** 2, gzip = true, measure = false, read = {}, rank = 0, worldSize = 1, stage: only, maxWaitSeconds = 3600, signal, onProgress } = options;
  const workers = options.workers ?? ('make' in recipe ? 0 : availableParallelism());
  const isShare = Number.isInteger(rank) && Number.isInteger(worldSize) && rank >= 0 && rank < worldSize;
  if (!isShare) throw new RangeError(`runShards: expected a rank from 0 to below worldSize but found ${rank} of ${worldSize}. Count ranks from 0.`);
  if (!(Number.isInteger(workers) && workers >= 0)) throw new RangeError(`runShards: expected a whole number of workers but found ${workers}. Use 0 to work in this process.`);
  if (!(shardBytes >= 1)) throw new RangeError(`runShards: expected shardBytes of at least 1 but found ${shardBytes}. Leave it out for 64 MiB.`);
  if ('make' in recipe && workers > 0) throw new RangeError(`runShards: expected a module for ${workers} workers but found a function. Name the module that exports it, or use workers: 0.`);

  const out = resolve(options.out);
  await checkOut(out, paths, read);
  const folder = runFolder(out);
  const makeRecipe = await loadRecipe(recipe);
  const steps = makeRecipe();
  const passes = passesOf(steps);
  const described = describeRecipe(steps, recipe);
  const plan = await planShards(paths, { recipe: described, measured: measure, gzip, read, shardBytes: Math.ceil(shardBytes), signal });
  checkPlan(plan, out);
  await sweepUnfinished(folder.temporary);
  const before = await readJsonFile<ShardPlan>(folder.plan);
  // A result is whole only as long as it is that of the plan.
  if (JSON.stringify(before) !== JSON.stringify(plan)) {
    await rm(join(out, 'manifest.json'), { force: true });
    await rm(join(out, 'run', 'failed'), { recursive: true, force: true });
    await writeWhole(folder.plan, `${JSON.stringify(plan)}\n`, folder);
  }

  const stages = stagesOf(steps);
  if (only !== undefined && !stages.includes(only)) throw new RangeError(`runShards: expected a stage of ${stages.join(', ')} but found ${only}. Leave it out for all of them.`);
  const totals = { skipped: 0, done: 0 };
  const stop = (failed: readonly FailedTask[]): ShardRun => ({ failed, result: undefined, tasksSkipped: totals.skipped, tasksDone: totals.done });
  const missing = (name: string): DataError => new DataError('E_INCOMPLETE', { problem: `runShards: expected ${name} to be done but found that it is not`, remedy: 'Run the stage before it, or look for tasks that failed in run/failed.', file: out });

  const pool = createPool({ out, plan, makeRecipe, workers, recipe: 'make' in recipe ? undefined : recipe, maxHeapMib: options.maxHeapMib, signal });
  const work = async (jobs: readonly Job[], sizeOf: (job: Job) => number, rest: Pick<ShardProgress, 'stage' | 'stageIndex'>): Promise<FailedTask[]> => {
    if (jobs.length === 0) return [];
    const { update, done } = followProgress(jobs, { sizeOf, onProgress, stages: stages.length, ...rest });
    return pool.run(jobs, {
      onProgress: update,
      onDone: (job) => {
        totals.done++;
        done(job);
      },
    });
  };
  try {
    const stopped = await runStages();
    if (stopped) return stopped;
  } finally {
    await pool.close();
  }
  const result = await finishRun({ out, plan, passes: passes.length });
  return { failed: [], result, tasksSkipped: totals.skipped, tasksDone: totals.done };

  /** Whether a decision is there, to be asked again and again: what it is made from, a marker of every task, is read once. */
  async function decisionOf(barrier: number): Promise<() => Promise<boolean>> {
    const inputs = await acrossInputs({ out, plan }, barrier);
    return async () => inputs !== undefined && (await readDone(folder, acrossName(barrier), inputs.key)) !== undefined;
  }

  /** All stages; what to return where the run is not complete after them. */
  async function runStages(): Promise<ShardRun | undefined> {
    for (const [pass, { across }] of passes.entries()) {
      const isPass = only === undefined || only === `pass-${pass}`;
      if (isPass) {
        if (pass > 0 && !(await (await decisionOf(pass - 1))())) throw missing(acrossName(pass - 1));
        const jobs: Job[] = [];
        const sizes = new Map<string, number>();
        for (const { index, bytes } of plan.tasks) {
          if (index % worldSize !== rank) continue;
          const inputs = await passInputs({ out, plan }, pass, index);
          if (!inputs) throw missing(pass === 0 ? 'the plan' : acrossName(pass - 1));
          sizes.set(passName(pass, index), inputs.before?.characters ?? bytes);
          if (await readDone(folder, passName(pass, index), inputs.key)) totals.skipped++;
          else jobs.push({ pass, task: index });
        }
        const failed = await work(jobs, (job) => sizes.get(jobName(job)) ?? 0, { stage: `pass-${pass}`, stageIndex: stages.indexOf(`pass-${pass}`) });
        if (failed.length > 0) return stop(failed);
      }
      const isCurrent = (index: number): Promise<DoneRecord | undefined> => passInputs({ out, plan }, pass, index).then((inputs) => inputs && readDone(folder, passName(pass, index), inputs.key));
      const isLast = pass === passes.length - 1;
      if (only !== undefined && !(only === acrossName(pass) || (isPass && isLast))) continue;
      const isThere = await untilDone(plan.tasks.map(({ index }) => index), isCurrent, { wait: only === undefined && worldSize > 1, maxWaitSeconds, signal });
      if (!isThere) {
        if (only === undefined || !isPass) throw missing(`pass ${pass} of every task`);
        return stop([]);
      }
      const over = pass === 0 ? await overBudget(out, plan) : undefined;
      if (over) return stop([await noteFailure({ pass, task: over.task }, { out, plan, error: over.error, document: undefined })]);
      if (!across) continue;
      const done = await decisionOf(pass);
      if (await done()) totals.skipped++;
      else {
        let failed: FailedTask[] = [];
        await withStageLock(folder.lock(acrossName(pass)), async () => {
          failed = await work([{ barrier: pass }], () => 0, { stage: acrossName(pass), stageIndex: stages.indexOf(acrossName(pass)) });
        }, { signal, isDone: done });
        if (failed.length > 0) return stop(failed);
      }
      if (only === acrossName(pass)) return stop([]);
    }
    return only !== undefined && only !== stages.at(-1) ? stop([]) : undefined;
  }
}

/** Whether all tasks are done; waits for other ranks as long as something happens. */
async function untilDone(tasks: readonly number[], isDone: (task: number) => Promise<unknown>, { wait, maxWaitSeconds, signal }: { wait: boolean; maxWaitSeconds: number; signal: AbortSignal | undefined }): Promise<boolean> {
  let open = [...tasks];
  let since = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    const still: number[] = [];
    for (const task of open) if (!(await isDone(task))) still.push(task);
    if (still.length === 0) return true;
    if (still.length < open.length) since = performance.now();
    open = still;
    if (!wait || performance.now() - since > 1000 * maxWaitSeconds) return false;
    await sleep(POLL_MS, signal);
  }
}

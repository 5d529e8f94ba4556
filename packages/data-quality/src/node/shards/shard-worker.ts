import { openSync, writeSync } from 'node:fs';
import type { Document } from '../../types.ts';
import { runJob, type Job, type JobProgress } from './job.ts';
import type { ShardPlan } from './plan-shards.ts';
import { readJsonFile, runFolder } from './run-folder.ts';
import { loadRecipe, type RecipeModule, type RecipeMaker } from './shard-recipe.ts';

/** What a worker is told first. */
export interface WorkerStart {
  readonly out: string;
  readonly recipe: RecipeModule;
  /** File that holds the id of the document that is being worked on: it outlives the worker. */
  readonly note: string;
}
/** What it says. */
export type WorkerReply = { readonly progress: JobProgress } | { readonly done: true } | { readonly failed: { readonly message: string; readonly code?: unknown } };

const NOTE_BYTES = 512;
const TELL_EVERY_MS = 200;

/** Serves the process that started this one: one job after the other, until it goes. */
function serve(): void {
  let start: WorkerStart | undefined;
  let ready: Promise<{ plan: ShardPlan; makeRecipe: RecipeMaker }> | undefined;
  let note = -1;
  const bytes = Buffer.alloc(NOTE_BYTES);
  const tell = (reply: WorkerReply): void => void process.send?.(reply);

  const work = async (job: Job, { out, recipe }: WorkerStart): Promise<void> => {
    ready ??= Promise.all([readJsonFile<ShardPlan>(runFolder(out).plan), loadRecipe(recipe)]).then(([plan, makeRecipe]) => {
      if (!plan) throw new Error(`runShards: expected the plan of the run in ${out} but found none. Run again.`);
      return { plan, makeRecipe };
    });
    const { plan, makeRecipe } = await ready;
    let [documents, characters, told] = [0, 0, 0];
    const onDocument = ({ id, text }: Document): void => {
      bytes.fill(0);
      bytes.write(id);
      writeSync(note, bytes, 0, NOTE_BYTES, 0);
      const now = performance.now();
      if (now - told > TELL_EVERY_MS) {
        told = now;
        tell({ progress: { documents, characters } });
      }
      documents++;
      characters += text.length;
    };
    await runJob(job, { out, plan, makeRecipe, signal: undefined, onDocument });
    tell({ progress: { documents, characters } });
  };

  process.on('message', (message: WorkerStart | { job: Job }) => {
    if (!('job' in message)) {
      start = message;
      note = openSync(message.note, 'w');
      return;
    }
    writeSync(note, Buffer.alloc(NOTE_BYTES), 0, NOTE_BYTES, 0);
    work(message.job, start as WorkerStart).then(
      () => tell({ done: true }),
      (error: unknown) => tell({ failed: error instanceof Error ? { message: error.message, code: (error as { code?: unknown }).code } : { message: String(error) } }),
    );
  });
  // The keyboard reaches the whole group; the process that started this one says when to stop.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit());
}

serve();

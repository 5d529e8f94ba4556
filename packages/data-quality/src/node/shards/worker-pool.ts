import { fork, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { unfinishedIn } from './atomic-file.ts';
import { noteFailure, runJob, type Job, type JobOptions, type JobProgress } from './job.ts';
import { runFolder, type FailedTask } from './run-folder.ts';
import type { WorkerReply } from './shard-worker.ts';
import type { RecipeModule } from './shard-recipe.ts';

export interface PoolOptions extends Omit<JobOptions, 'onDocument'> {
  /** Processes; 0 works in this one. */
  readonly workers: number;
  /** For workers, which make it themselves. */
  readonly recipe: RecipeModule | undefined;
  /** Largest heap of a worker, in MiB. */
  readonly maxHeapMib: number | undefined;
}

/** Who is told how jobs go. */
export interface JobListener {
  readonly onProgress: (job: Job, progress: JobProgress) => void;
  readonly onDone: (job: Job) => void;
}

/** Does jobs, as many at a time as there are workers; these stay until the pool is closed. */
export interface WorkerPool {
  /** Returns the jobs that failed. Throws the reason of the signal when it is given. */
  run(jobs: readonly Job[], listener: JobListener): Promise<FailedTask[]>;
  close(): Promise<void>;
}

// As built, wherever this file is: Node does not run the sources.
const PROGRAM = fileURLToPath(new URL('../../../dist/node/shards/shard-worker.js', import.meta.url));
const STDERR_UNITS = 4000;

type Failure = { readonly message: string; readonly code?: unknown };

/** Why a process ended that nobody ended. */
function endOf(code: number | null, signal: string | null, stderr: string): Failure {
  const memory = /heap out of memory|Array buffer allocation failed/.exec(stderr);
  const lines = stderr.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const said = memory ? 'it ran out of memory' : (lines.find((line) => /error|assert|fatal/i.test(line)) ?? lines.at(-1) ?? 'it said nothing');
  return { message: `runShards: expected a worker that works but found it ended by ${signal ?? `code ${code}`}: ${said}. ${memory ? 'Raise maxHeapMib, or use fewer workers.' : 'Look at the document.'}`, code: memory ? 'E_MEMORY' : 'E_WORKER' };
}

/** A worker process; it serves one job at a time. */
interface Worker {
  /** What went wrong; undefined where all went well. */
  work(job: Job, onProgress: (progress: JobProgress) => void): Promise<Failure | undefined>;
  readonly hasEnded: () => boolean;
  kill(): void;
}

function startWorker({ out, recipe, maxHeapMib }: Pick<PoolOptions, 'out' | 'recipe' | 'maxHeapMib'>, note: string): Worker {
  const child: ChildProcess = fork(PROGRAM, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: maxHeapMib === undefined ? [] : [`--max-old-space-size=${maxHeapMib}`] });
  let stderr = '';
  let ended: Failure | undefined;
  let listen: { reply: (reply: WorkerReply) => void; end: (why: Failure) => void } | undefined;
  const kill = (): void => void child.kill('SIGKILL');
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_UNITS); });
  child.on('message', (reply: WorkerReply) => listen?.reply(reply));
  // Where it cannot be started or spoken to, its end follows.
  child.on('error', ({ message }) => { stderr += `Error: ${message}`; });
  child.on('close', (code, signal) => {
    ended = endOf(code, signal, stderr);
    listen?.end(ended);
  });
  child.send({ out, recipe, note });
  return {
    kill,
    hasEnded: () => ended !== undefined,
    work: (job, onProgress) => new Promise((resolve) => {
      if (ended) resolve(ended);
      listen = {
        end: resolve,
        reply: (reply) => {
          if ('progress' in reply) onProgress(reply.progress);
          else resolve('failed' in reply ? reply.failed : undefined);
        },
      };
      child.send({ job });
    }),
  };
}

/** Processes that do jobs; one that died is replaced. */
function processPool(options: PoolOptions): WorkerPool {
  const { out, plan, workers: size, signal } = options;
  const workers: (Worker | undefined)[] = [];
  const { temporary } = runFolder(out);
  const notes: string[] = [];
  // Nothing is lost by it: a file that is not whole has no name yet.
  const killAll = (): void => { for (const worker of workers) worker?.kill(); };
  signal?.addEventListener('abort', killAll, { once: true });
  process.once('exit', killAll);
  const isStopped = (): boolean => signal?.aborted === true;

  return {
    run: async (jobs, { onProgress, onDone }) => {
      const queue = [...jobs];
      const failures: FailedTask[] = [];
      await mkdir(temporary, { recursive: true });
      await Promise.all(Array.from({ length: Math.min(size, jobs.length) }, async (_, number) => {
        const note = (notes[number] ??= unfinishedIn(temporary));
        for (let job = queue.shift(); job !== undefined && !isStopped(); job = queue.shift()) {
          const current = job;
          if (workers[number]?.hasEnded() ?? true) workers[number] = startWorker(options, note);
          const failure = await (workers[number] as Worker).work(current, (progress) => onProgress(current, progress));
          if (isStopped()) return;
          if (!failure) onDone(current);
          else {
            const [document] = (await readFile(note, 'utf8').catch(() => '')).split('\0', 1);
            failures.push(await noteFailure(current, { out, plan, error: failure, document: document || undefined }));
          }
        }
      }));
      signal?.throwIfAborted();
      return failures;
    },
    close: async () => {
      signal?.removeEventListener('abort', killAll);
      process.off('exit', killAll);
      killAll();
      await Promise.all(notes.map((note) => rm(note, { force: true })));
    },
  };
}

/** The same in this process, one job after the other. */
function ownPool({ out, plan, makeRecipe, signal }: PoolOptions): WorkerPool {
  return {
    run: async (jobs, { onProgress, onDone }) => {
      const failures: FailedTask[] = [];
      for (const job of jobs) {
        let [document, documents, characters] = [undefined as string | undefined, 0, 0];
        try {
          await runJob(job, { out, plan, makeRecipe, signal, onDocument: ({ id, text }) => {
            document = id;
            onProgress(job, { documents: ++documents, characters: (characters += text.length) });
          } });
          onDone(job);
        } catch (error) {
          signal?.throwIfAborted();
          failures.push(await noteFailure(job, { out, plan, error: error as Error, document }));
        }
      }
      return failures;
    },
    close: async () => {},
  };
}

/** Workers as many as asked for. Processes, not threads: a thread that runs out of memory takes all others with it. */
export const createPool = (options: PoolOptions): WorkerPool => (options.workers === 0 ? ownPool : processPool)(options);

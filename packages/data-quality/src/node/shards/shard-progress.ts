import { jobName, type Job, type JobProgress } from './job.ts';

/** How far a run is. Bytes are those of the files in the first pass, units of text after it. */
export interface ShardProgress {
  /** `pass-0`, `across-0`, `pass-1` …, and how many there are. */
  readonly stage: string;
  readonly stages: number;
  readonly stageIndex: number;
  readonly tasks: number;
  readonly tasksDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
  /** Documents that were read in this stage by this run. */
  readonly documents: number;
  readonly bytesPerSecond: number;
  readonly etaSeconds: number | undefined;
}

const TELL_EVERY_MS = 100;

/** Adds up what the jobs of a stage say of themselves. */
export function followProgress(jobs: readonly Job[], { sizeOf, onProgress, ...rest }: { sizeOf: (job: Job) => number; onProgress: ((progress: ShardProgress) => void) | undefined } & Pick<ShardProgress, 'stage' | 'stages' | 'stageIndex'>): {
  update: (job: Job, progress: JobProgress) => void; done: (job: Job) => void;
} {
  const started = performance.now();
  const bytes = jobs.reduce((sum, job) => sum + sizeOf(job), 0);
  const running = new Map<string, JobProgress & { readonly size: number }>();
  let [tasksDone, bytesDone, documentsDone] = [0, 0, 0];
  let told = 0;
  const tell = ({ now = false } = {}): void => {
    if (!onProgress || (!now && performance.now() - told < TELL_EVERY_MS)) return;
    told = performance.now();
    let [read, documents] = [bytesDone, documentsDone];
    for (const { size, characters, documents: count } of running.values()) {
      read += Math.min(characters, size);
      documents += count;
    }
    const bytesPerSecond = (1000 * read) / Math.max(1, performance.now() - started);
    onProgress({ ...rest, tasks: jobs.length, tasksDone, bytes, bytesDone: read, documents, bytesPerSecond, etaSeconds: read > 0 ? (bytes - read) / bytesPerSecond : undefined });
  };
  return {
    update: (job, progress) => {
      running.set(jobName(job), { ...progress, size: sizeOf(job) });
      tell();
    },
    done: (job) => {
      documentsDone += running.get(jobName(job))?.documents ?? 0;
      running.delete(jobName(job));
      tasksDone++;
      bytesDone += sizeOf(job);
      tell({ now: true });
    },
  };
}

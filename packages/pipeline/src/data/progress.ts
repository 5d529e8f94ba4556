import type { ShardProgress } from '@llm/data-quality/node';
import { bytes, count, duration } from '../cli/format.ts';
import type { Io } from '../cli/io.ts';
import { redrawnLine } from '../cli/redrawn-line.ts';

/** `pass-0 (1/3) · 12/160 tasks · 1.20 GiB of 8.80 GiB · 51,204 documents · 34.1 MB/s · 3m10s left` */
export function progressText({ stage, stageIndex, stages, tasks, tasksDone, bytes: all, bytesDone, documents, bytesPerSecond, etaSeconds }: ShardProgress): string {
  return [
    `${stage} (${stageIndex + 1}/${stages})`,
    `${count(tasksDone)}/${count(tasks)} tasks`,
    ...(all === 0 ? [] : [`${bytes(bytesDone)} of ${bytes(all)}`, `${count(documents)} documents`, `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`]),
    ...(etaSeconds === undefined || tasksDone === tasks ? [] : [`${duration(etaSeconds)} left`]),
  ].join(' · ');
}

export interface DataProgress {
  readonly show: (progress: ShardProgress) => void;
  end(): void;
}

/** Redrawn in place on a terminal; elsewhere a plain line every ten seconds and at the end of each stage; nothing when `quiet`. */
export function dataProgress(io: Pick<Io, 'err' | 'isTTY' | 'columns'>, options: { readonly quiet: boolean; readonly now?: () => number }): DataProgress {
  const line = redrawnLine(io, { ...options, waits: true });
  return {
    show: (progress) => line.show(() => progressText(progress), progress.tasksDone === progress.tasks),
    end: line.end,
  };
}

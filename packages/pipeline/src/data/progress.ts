import type { ShardProgress } from '@llm/data-quality/node';
import { bytes, count, duration } from '../cli/format.ts';
import type { Io } from '../cli/io.ts';

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

const DRAW_EVERY_MS = 200;

/** Redrawn in place on a terminal; elsewhere a plain line every `everySeconds` and at the end of each stage; nothing when `quiet`. */
export function dataProgress(io: Pick<Io, 'err' | 'isTTY' | 'columns'>, { quiet, everySeconds = 10, now = () => performance.now() }: { quiet: boolean; everySeconds?: number; now?: () => number }): DataProgress {
  let drawn = false;
  let last = now();
  return {
    show: (progress) => {
      const isEnd = progress.tasksDone === progress.tasks;
      if (quiet || (!isEnd && now() - last < (io.isTTY ? DRAW_EVERY_MS : 1000 * everySeconds))) return;
      last = now();
      const text = progressText(progress);
      if (io.isTTY) io.err(`\r\u001b[K${[...text].slice(0, Math.max(20, io.columns() - 1)).join('')}`);
      else io.err(`${text}\n`);
      drawn = io.isTTY;
    },
    end: () => {
      if (drawn) io.err('\n');
      drawn = false;
    },
  };
}

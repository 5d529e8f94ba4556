import { writeFileSync } from 'node:fs';
import type { CausalBatch } from '@llm/pretrain';

/** A step whose loss or gradient was not finite, with the tokens that it was given. */
export interface BadStep {
  readonly step: number;
  readonly reason: string;
  readonly batches: readonly { readonly number: number; readonly rows: readonly (readonly number[])[] }[];
}

/** Remembers the batches of the steps under way and writes down those of bad steps. */
export interface BatchWatch {
  readonly batches: AsyncIterable<CausalBatch> | Iterable<CausalBatch>;
  /** To be called after each step; `reason` where its update was left out. */
  stepDone(step: number, reason?: string): void;
}

const MOST_STEPS = 20;

/** Hands batches on and remembers those of the steps that are not done, so that a bad step can name its data. */
export function watchBatches(source: Iterable<CausalBatch>, { path, accumulate, drawn }: { path: string; accumulate: number; drawn: number }): BatchWatch {
  let recent: { number: number; batch: CausalBatch }[] = [];
  let number = drawn;
  const bad: BadStep[] = [];
  function* watched(): Generator<CausalBatch> {
    for (const batch of source) {
      recent.push({ number: number++, batch });
      yield batch;
    }
  }
  return {
    batches: watched(),
    stepDone(step, reason) {
      const own = recent.filter((each) => each.number < (step + 1) * accumulate);
      recent = recent.slice(own.length);
      if (reason === undefined) return;
      bad.push({
        step, reason,
        batches: own.map(({ number: n, batch: { ids, rows, length } }) => ({ number: n, rows: Array.from({ length: rows }, (_, i) => Array.from(ids.subarray(i * length, (i + 1) * length))) })),
      });
      if (bad.length > MOST_STEPS) bad.shift();
      writeFileSync(path, `${JSON.stringify({ note: 'Steps whose update was left out. `rows` are token ids, `number` counts batches from the beginning of the run.', steps: bad }, null, 1)}\n`);
    },
  };
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CausalBatch } from '@llm/pretrain';
import { expect, test } from 'vitest';
import { type BadStep, watchBatches } from './bad-batches.ts';

const batch = (id: number): CausalBatch => ({ ids: Int32Array.of(id, id), rows: 1, length: 2 }) as unknown as CausalBatch;

test('a bad step names its own batches, also when those of later steps were drawn before it was looked at', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-bad-'));
  try {
    const path = join(folder, 'bad-batch.json');
    const watch = watchBatches([10, 11, 12, 13, 14, 15].map(batch), { path, accumulate: 2, drawn: 20 });
    const drawn = [...watch.batches as Iterable<CausalBatch>];
    expect(drawn).toHaveLength(6);
    watch.stepDone(10);
    watch.stepDone(11, 'loss NaN: not finite');
    watch.stepDone(12);
    const { steps } = JSON.parse(readFileSync(path, 'utf8')) as { steps: BadStep[] };
    expect(steps).toEqual([{ step: 11, reason: 'loss NaN: not finite', batches: [{ number: 22, rows: [[12, 12]] }, { number: 23, rows: [[13, 13]] }] }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

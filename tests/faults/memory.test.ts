import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeTree, memory, mul, square, sub, sum, type Tensor, tensor, useDevice, zeros } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';
import { resumeTraining, saveTraining } from '@llm/train/node';
import { afterEach, beforeEach, expect, test } from 'vitest';

let run: string;
beforeEach(() => { run = mkdtempSync(join(tmpdir(), 'faults-memory-')); });
afterEach(() => rmSync(run, { recursive: true, force: true }));

type Params = { w: Tensor };
interface Batch { readonly x: number; readonly large: boolean; readonly targetCount: number }
const batch = (x: number, large = false): Batch => ({ x, large, targetCount: 1 });
const optimizer = adamw({ lr: 0.1 });
const start = (): Params => ({ w: tensor([0.5]) });

test('memory that runs out in a step is an error with three remedies; the last checkpoint goes on as if nothing had been', async () => {
  await useDevice('wasm', { threads: 1, maxBytes: 2 ** 23 });
  const loss = ({ w }: Params, { x, large }: Batch): Tensor => {
    if (large) sum(zeros([3_000_000]));
    return sum(square(sub(mul(w, x), 3)));
  };
  const expected = start();
  for await (const _ of train({ params: expected, loss, batches: [1, 2, 3, 4].map((x) => batch(x)), optimizer }));

  const params = start();
  const state = startTraining(params, optimizer);
  const before = memory().tensors;
  const training = (async () => {
    for await (const { index } of train({ params, loss, batches: [batch(1), batch(2), batch(3, true)], optimizer, state })) {
      if (index === 1) await saveTraining(run, { params, state });
    }
  })();
  await expect(training).rejects.toThrow(/^heap\.alloc: expected room for \d+ bytes but found that the WebAssembly memory cannot grow past .* Use a smaller batch, more gradient accumulation, or activation checkpointing\.$/);
  await expect(training).rejects.toThrow(RangeError);
  expect(memory().tensors).toBe(before);

  const again = start();
  const resumed = (await resumeTraining(run, { params: again, optimizer }))!;
  expect(resumed).toMatchObject({ step: 2, skipped: [] });
  for await (const _ of train({ params: again, loss, batches: [batch(3), batch(4)], optimizer, state: resumed.state }));
  expect(again.w.dataSync()).toEqual(expected.w.dataSync());
  for (const tree of [params, again, expected, state.optimizer, resumed.state.optimizer]) disposeTree(tree);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeTree, type Tensor, useDevice, zeros } from '@llm/tensor';
import { latestCheckpoint } from '@llm/train/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTinyRun } from '../fixtures/tiny-run.ts';
import { ranOutOfMemory } from './out-of-memory.ts';
import { trainRun } from './train-run.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'llm-memory-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('memory that runs out ends the run with what to do; it goes on from its last checkpoint once there is room', async () => {
  const run = await createTinyRun(folder);
  await useDevice('wasm', { threads: 1, maxBytes: 2 ** 23 });
  const signal = new AbortController().signal;
  const hogs: Tensor[] = [];
  const hog = (): void => {
    try {
      for (let size = 2 ** 20; ; ) {
        try {
          hogs.push(zeros([size]));
        } catch (error) {
          if (size === 16) throw error;
          size /= 2;
        }
      }
    } catch (error) {
      expect(ranOutOfMemory(error)).toBe(true);
    }
  };
  const training = trainRun({ ...run, signal, onStep: ({ step }) => { if (step === 4) hog(); } });
  await expect(training).rejects.toMatchObject({ code: 'E_MEMORY', cause: expect.any(RangeError) as RangeError });
  await expect(training).rejects.toThrow(/^llm: expected room for step 6 but found that memory ran out\. The checkpoints are whole: .* --resume.*\n.*--batch.*\n.*--checkpointed.*\n.*--length.*\nheap\.alloc: /);
  expect((await latestCheckpoint(run.folder))!.step).toBe(3);

  for (const each of hogs) each.dispose();
  const notices: string[] = [];
  const { finished, params, state } = await trainRun({ ...run, signal, onNotice: (text) => notices.push(text) });
  expect([finished, notices]).toEqual([true, ['Resuming at step 3 of 12.']]);
  disposeTree(params);
  disposeTree(state.optimizer);
});

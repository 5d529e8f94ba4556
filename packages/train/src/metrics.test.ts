import { memory, useDevice } from '@llm/tensor';
import { expect, test } from 'vitest';
import { measurePeak, progressOf } from './metrics.ts';
import type { Step } from './train.ts';

const step = (index: number, targets: number, seconds: number): Step => ({
  index, targets, seconds, loss: 1, gradNorm: 1, lr: 1, tokens: 0, tokensPerSecond: targets / seconds,
});

test('rates are of the last steps, and the time left counts what happens between them', () => {
  let now = 100;
  const progress = progressOf({ steps: 10, flopsPerToken: 50, peakFlops: 4000, window: 2, clock: () => now });
  expect(progress(step(0, 40, 2))).toMatchObject({ tokensPerSecond: 20, etaSeconds: 18, flopsPerSecond: 1000, mfu: 0.25 });
  now += 4;
  // (40 + 80) / (2 + 2) tokens a second; steps took 2 and 4 seconds of wall time, 8 are left
  expect(progress(step(1, 80, 2))).toMatchObject({ tokensPerSecond: 30, etaSeconds: 24 });
  now += 4;
  // the first is forgotten: (80 + 20) / (2 + 2), 4 seconds each, 7 left
  expect(progress(step(2, 20, 2))).toMatchObject({ tokensPerSecond: 25, etaSeconds: 28 });
  expect(Object.keys(progressOf()(step(0, 1, 1))).toSorted()).toEqual(['peakBytes', 'tokensPerSecond']);
});

test('the measured peak is a rate, and leaves nothing behind', async () => {
  await useDevice('wasm', { threads: 1 });
  const before = memory().tensors;
  const peak = await measurePeak({ seconds: 0.02, size: 128 });
  expect(peak).toBeGreaterThan(1e7);
  expect(peak).toBeLessThan(1e14);
  expect(memory().tensors).toBe(before);
});

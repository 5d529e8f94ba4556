import { createModel, trainingMemory } from '@llm/model';
import { expect, test } from 'vitest';
import { bytes } from '../cli/format.ts';
import { checkMemory, memoryLimits } from './check-memory.ts';
import { planSteps } from './plan-steps.ts';
import { configOf, SIZES, sizesForText } from './sizes.ts';

test('as many steps as the time allows, but no more passes than asked for', () => {
  expect(planSteps({ seconds: 120, secondsPerStep: 0.25, batchesPerEpoch: 1000, maxEpochs: 12 })).toMatchObject({ steps: 480, warmupSteps: 24, evalEvery: 60, sampleEvery: 120, saveEvery: 120, limitedBy: 'time' });
  expect(planSteps({ seconds: 120, secondsPerStep: 0.25, batchesPerEpoch: 10, maxEpochs: 12 })).toMatchObject({ steps: 120, limitedBy: 'text' });
  expect(planSteps({ seconds: 1, secondsPerStep: 60, batchesPerEpoch: 10, maxEpochs: 12 })).toMatchObject({ steps: 10, saveEvery: 1 });
  const patience = { steps: 600, seconds: 200 };
  expect([0.1, 0.25, 0.5, 2].map((secondsPerStep) => planSteps({ seconds: 120, patience, secondsPerStep, batchesPerEpoch: 1e6, maxEpochs: 1 }).steps)).toEqual([1200, 600, 400, 100]);
  expect(planSteps({ steps: 7, secondsPerStep: 0.001, batchesPerEpoch: 1, maxEpochs: 1 })).toMatchObject({ steps: 7, warmupSteps: 1, saveEvery: 7, limitedBy: 'steps' });
});

test('on a graphics card losses are looked at once in several short steps, and everything else comes between such rounds', () => {
  const quick = { seconds: 120, secondsPerStep: 0.01, batchesPerEpoch: 1e6, maxEpochs: 1, looksSeldom: true };
  expect(planSteps({ ...quick, steps: 1003 })).toMatchObject({ readEvery: 8, evalEvery: 128, sampleEvery: 256, saveEvery: 1008 });
  // A round takes a fifth of a second at most, and is no longer than an eighth of the run.
  expect([0.02, 0.03, 0.06, 0.11].map((secondsPerStep) => planSteps({ ...quick, steps: 1000, secondsPerStep }).readEvery)).toEqual([8, 4, 2, 1]);
  expect([12, 16, 40, 64].map((steps) => planSteps({ ...quick, steps }).readEvery)).toEqual([1, 2, 4, 8]);
  expect(planSteps({ ...quick, steps: 1000, evalEvery: 6, saveEvery: 100 })).toMatchObject({ readEvery: 2, evalEvery: 6, saveEvery: 100 });
  expect(planSteps({ ...quick, steps: 1000, evalEvery: 5 })).toMatchObject({ readEvery: 1, evalEvery: 5 });
  expect(planSteps({ ...quick, steps: 1000, looksSeldom: false })).toMatchObject({ readEvery: 1, evalEvery: 125, saveEvery: 1000 });
});

test('sizes are models that can be built, from some ten thousand to some million parameters', () => {
  for (const size of Object.values(SIZES)) {
    const { shape } = createModel(configOf(size, { vocabSize: 4096, endId: 0 }));
    expect([shape.width, shape.layers, shape.maxPositions]).toEqual([size.width, size.layers, 4 * size.length]);
  }
  expect(sizesForText(10_000_000)).toMatchObject({ vocabSize: 4096, size: { name: 'small' } });
  expect(sizesForText(5000)).toMatchObject({ vocabSize: 512, size: { name: 'nano' } });
});

test('what does not fit is refused before it is allocated, with three remedies and what each would need', () => {
  const model = createModel(configOf(SIZES.small!, { vocabSize: 4096, endId: 0 }));
  const options = { batch: 64, length: 128 };
  const { peak } = trainingMemory(model, options);
  const wasm = (freeBytes: number) => memoryLimits({ name: 'wasm', threads: 2 }, freeBytes);
  expect(checkMemory(model, options, wasm(2 ** 33)).neededBytes).toBeGreaterThan(peak);
  const smaller = trainingMemory(model, { ...options, batch: 32, accumulate: 2 }).peak;
  const refused = (): unknown => checkMemory(model, options, wasm(peak));
  expect(refused).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
  expect(refused).toThrow(bytes(peak));
  expect(refused).toThrow(`--batch 32 --accumulate 2 (the same steps, a little slower): ${bytes(smaller)}`);
  try {
    refused();
  } catch (error) {
    expect((error as Error).message.match(/^ {2}--/gm)).toHaveLength(3);
  }
});

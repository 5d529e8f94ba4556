import { expect, test } from 'vitest';
import { batchSeed } from './batch-seed.ts';

test('no two micro-batches of a run share a seed, whatever the run\'s own', () => {
  for (const seed of [0, 1, 42, 2 ** 32 - 1, 2 ** 32 + 1, 2 ** 53 - 1, -1]) {
    const seeds = new Set<number>();
    const steps = [...Array(2100).keys(), 4_255_000, 4_257_000, 2 ** 32 - 1];
    for (const step of steps) for (const index of [0, 1, 83, 84, 1009, 2 ** 20]) seeds.add(batchSeed(seed, { step, index }));
    expect(seeds.size, String(seed)).toBe(6 * steps.length);
    expect([...seeds].every((each) => Number.isSafeInteger(each) && each >= 0)).toBe(true);
  }
});

test('runs begin elsewhere by their seeds, those beyond 32 bits too', () => {
  const starts = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 40, -1].map((seed) => batchSeed(seed, { step: 0, index: 0 }));
  expect(new Set(starts).size).toBe(starts.length);
});

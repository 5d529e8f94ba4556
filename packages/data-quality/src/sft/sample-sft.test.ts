import { expect, test } from 'vitest';
import { seededRandom } from '../mixing/seeded-random.ts';
import { coveringSample, difficultyBuckets } from './sample-sft.ts';

test('buckets of equal size; what does not help, and what was not measured, is in none', () => {
  expect(difficultyBuckets([0.1, 0.9, 0.5, 1, 1.0001, Number.NaN, 0.3, 0.7], { buckets: 3 })).toEqual([0, 2, 1, 2, -1, -1, 0, 1]);
  expect(difficultyBuckets([0.5, 0.5, 0.5, 0.5], { buckets: 2 })).toEqual([0, 0, 1, 1]);
  expect(difficultyBuckets([])).toEqual([]);
  expect(() => difficultyBuckets([1], { buckets: 0 })).toThrow(RangeError);
});

test('the sample covers the set: at most twice the radius of the best choice, and never a row twice', () => {
  const random = seededRandom(5);
  const rows = 12;
  const points = Float32Array.from({ length: 2 * rows }, () => random(100));
  const radius = (sample: readonly number[]): number =>
    Math.max(...Array.from({ length: rows }, (_, row) => Math.min(...sample.map((s) => Math.hypot((points[2 * row] as number) - (points[2 * s] as number), (points[2 * row + 1] as number) - (points[2 * s + 1] as number))))));
  let best = Infinity;
  for (let a = 0; a < rows; a++) for (let b = a; b < rows; b++) for (let c = b; c < rows; c++) best = Math.min(best, radius([a, b, c]));
  expect(radius(coveringSample(points, { size: 2, count: 3 }))).toBeLessThanOrEqual(2 * best + 1e-9);
  expect(new Set(coveringSample(new Float32Array(20), { size: 2, count: 10 })).size).toBe(10);
  expect(coveringSample(new Float32Array(0), { size: 3, count: 0 })).toEqual([]);
  for (const options of [{ size: 3, count: 1 }, { size: 2, count: 13 }, { size: 0, count: 0 }, { size: 2, count: 1.5 }]) expect(() => coveringSample(points.slice(0, 20), options)).toThrow(RangeError);
});

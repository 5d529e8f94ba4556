import { expect, test } from 'vitest';
import { checkKernel, type KernelCase } from '../check-kernel.ts';
import { writeRowsReference } from './reference.ts';
import { writeRows } from './write-rows.ts';

const one = (batch: number, capacity: number, count: number, width: number, offsets: readonly number[]): KernelCase => ({
  dims: { batch, capacity, count, width }, inputs: { offsets: () => offsets },
});

test('writeRows equals its reference', async () => {
  const cases = [
    one(1, 1, 1, 1, [0]),
    one(0, 4, 2, 4, []),
    one(2, 4, 0, 4, [0, 1]),
    one(2, 4, 2, 0, [0, 1]),
    one(3, 8, 1, 64, [0, 3, 7]),
    one(3, 8, 2, 5, [0, 6, 3]),
    one(2, 40, 37, 33, [3, 0]),
    one(2, 130, 65, 68, [65, 1]),
    // Rows in front of the first and behind the last are left out.
    one(5, 4, 3, 4, [-1, 2, 4, -3, -2]),
    one(5, 4, 3, 3, [-1, 2, 4, -3, 2_147_483_647]),
  ];
  const ran = await checkKernel(writeRows, { cases, tolerance: 0 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('a row goes to the position of its own part, and the rest stays', () => {
  const target = Float64Array.of(1, 2, 3, 4, 5, 6);
  writeRowsReference({ target, source: Float64Array.of(10, 20), offsets: Float64Array.of(2, 0) }, { batch: 2, capacity: 3, count: 1, width: 1 });
  expect([...target]).toEqual([1, 2, 10, 20, 5, 6]);
});

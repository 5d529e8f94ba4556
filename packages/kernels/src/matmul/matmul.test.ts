import { expect, test } from 'vitest';
import { checkKernel, type KernelCase } from '../check-kernel.ts';
import { matmul } from './matmul.ts';

const sizes = (batch: number, m: number, n: number, k: number, shared = false): KernelCase['dims'] => ({
  batch, m, n, k, aSize: batch * m * k, bSize: (shared ? 1 : batch) * n * k,
});

const shapes = [
  [1, 1, 1, 1], [1, 6, 8, 4], [1, 7, 9, 5], [1, 5, 300, 130], [1, 97, 17, 259], [1, 200, 64, 513],
  [3, 13, 11, 6], [1, 13, 131, 300], [1, 70, 270, 20], [1, 1, 257, 65], [1, 3, 1030, 33], [1, 4, 5, 2], [1, 12, 8, 0],
  // Few rows, by twos and fours, with columns and terms left over; one more than few.
  [1, 2, 37, 70], [1, 5, 67, 101], [1, 8, 130, 64], [1, 11, 9, 7], [1, 16, 40, 1027], [1, 24, 33, 19], [1, 25, 33, 19],
] as const;

test('matmul equals its reference in every layout', async () => {
  const cases = shapes.flatMap(([batch, m, n, k]) => [[0, 0], [0, 1], [1, 0], [1, 1]].map(([transposeA = 0, transposeB = 0]) => ({
    dims: sizes(batch, m, n, k), uniforms: { transposeA, transposeB },
  })));
  const ran = await checkKernel(matmul, { cases, tolerance: 1e-4 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
}, 240_000);

test('matmul applies bias, activation and residual, and keeps what the activation saw', async () => {
  const cases = [1, 2, 3, 4, 5].flatMap((activation) => [[1, 9, 13, 20], [1, 20, 9, 5], [1, 2, 30, 7], [2, 14, 8, 3]].map(([batch = 1, m = 1, n = 1, k = 1]) => ({
    dims: sizes(batch, m, n, k), uniforms: { activation }, with: ['bias', 'residual', 'before'],
  })));
  await checkKernel(matmul, { cases, tolerance: 1e-4 });
  await checkKernel(matmul, { cases: [{ dims: sizes(3, 7, 9, 5, true), uniforms: { broadcastB: 1 }, with: ['bias'] }] });
}, 240_000);

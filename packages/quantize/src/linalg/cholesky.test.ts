import { useDevice } from '@llm/tensor';
import { numbers } from '@llm/testing';
import { beforeAll, expect, test } from 'vitest';
import { invertedFactor } from './cholesky.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

/** A matrix that is positive definite: A · Aᵀ + I. */
function definite(n: number): Float64Array {
  const a = numbers(n * n, n);
  const h = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) h[i * n + j]! += (a[i * n + k]! * a[j * n + k]!) / n + Number(i === j && k === 0);
  return h;
}

// In one block and in several; from 128 on products run on the device, in 32 bits.
test.each([[1, 1e-12], [7, 1e-12], [128, 1e-10], [130, 1e-5], [300, 1e-5]])('%i: U is upper, its diagonal above 0, and Uᵀ · U the inverse', async (n, tolerance) => {
  const h = definite(n);
  const u = await invertedFactor({ rows: n, cols: n, values: h });
  // Uᵀ · U · H = 1, so U · H · Uᵀ = 1 as well, which is cheaper to see row by row.
  for (const i of new Set([0, 1, n >> 1, n - 1].filter((each) => each < n))) {
    for (let j = 0; j < i; j++) expect(u[i * n + j]).toBe(0);
    expect(u[i * n + i]).toBeGreaterThan(0);
    const row = new Float64Array(n);
    for (let k = i; k < n; k++) for (let j = 0; j < n; j++) row[j]! += u[i * n + k]! * h[k * n + j]!;
    for (let l = 0; l < n; l++) {
      let sum = 0;
      for (let j = l; j < n; j++) sum += row[j]! * u[l * n + j]!;
      expect(Math.abs(sum - Number(i === l))).toBeLessThan(tolerance);
    }
  }
});

test('of [[2, 1], [1, 2]] it is [[√(2/3), −√(2/3)/2], [0, √2/2]]', async () => {
  const [a, b, c, d] = await invertedFactor({ rows: 2, cols: 2, values: Float64Array.of(2, 1, 1, 2) });
  [a! - Math.sqrt(2 / 3), b! + Math.sqrt(2 / 3) / 2, c!, d! - Math.SQRT1_2].forEach((difference) => expect(Math.abs(difference)).toBeLessThan(1e-15));
});

test('a matrix that is not positive definite is refused', async () => {
  await expect(invertedFactor({ rows: 2, cols: 2, values: Float64Array.of(1, 2, 2, 1) })).rejects.toThrow('expected a positive definite matrix but found the pivot -3');
  await expect(invertedFactor({ rows: 1, cols: 1, values: Float64Array.of(NaN) })).rejects.toThrow('found the pivot NaN');
});

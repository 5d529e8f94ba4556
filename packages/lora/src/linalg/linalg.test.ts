import { expectClose, numbers } from '@llm/testing';
import { describe, expect, test } from 'vitest';
import { columns, type Matrix, times, transposed } from './matrix.ts';
import { qr } from './qr.ts';
import { randomizedSvd, svd } from './svd.ts';

const random = (rows: number, cols: number, seed: number = 1): Matrix => ({ rows, cols, values: Float64Array.from(numbers(rows * cols, seed)) });
const identity = (n: number): number[] => Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
const scaled = ({ rows, cols, values }: Matrix, s: Float64Array): Matrix => ({ rows, cols, values: values.map((value, i) => value * s[i % cols]!) });

describe.each([[1, 1], [5, 3], [3, 5], [17, 17], [40, 7]])('%i × %i', (rows, cols) => {
  const a = random(rows, cols);
  const k = Math.min(rows, cols);

  test('Q R is the matrix, Q orthonormal, R triangular', () => {
    const { q, r } = qr(a);
    expectClose(times(q, r).values, a.values, { tolerance: 1e-12 });
    expectClose(times(transposed(q), q).values, identity(k), { tolerance: 1e-12 });
    for (let i = 0; i < k; i++) for (let j = 0; j < i; j++) expect(r.values[i * cols + j]).toBe(0);
  });

  test('U diag(s) Vᵀ is the matrix, U and V orthonormal, s falling', () => {
    const { u, s, v } = svd(a);
    expectClose(times(scaled(u, s), transposed(v)).values, a.values, { tolerance: 1e-12 });
    expectClose(times(transposed(u), u).values, identity(k), { tolerance: 1e-12 });
    expectClose(times(transposed(v), v).values, identity(k), { tolerance: 1e-12 });
    expect([...s].sort((x, y) => y - x)).toEqual([...s]);
  });
});

test('a diagonal matrix has its entries for singular values: 3, 2, 1', () => {
  expectClose(svd({ rows: 3, cols: 3, values: Float64Array.of(0, -2, 0, 1, 0, 0, 0, 0, 3) }).s, [3, 2, 1], { tolerance: 1e-14 });
});

test('a matrix of rank 2 leaves nothing behind two triples, exact or by random projection', () => {
  const a = times(random(20, 2, 3), random(2, 30, 4));
  const { s } = svd(a);
  expect(s[2]! / s[0]!).toBeLessThan(1e-14);
  let state = 1;
  const normal = (): number => numbers(1, state++)[0]!;
  const found = randomizedSvd(a, { rank: 2, iterations: 2, normal });
  expectClose(found.s.subarray(0, 2), s.subarray(0, 2), { tolerance: 1e-10 });
  expectClose(times(scaled(columns(found.u, 2), found.s.subarray(0, 2)), transposed(columns(found.v, 2))).values, a.values, { tolerance: 1e-10 });
});

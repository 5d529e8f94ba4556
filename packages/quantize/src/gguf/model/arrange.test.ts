import { expect, test } from 'vitest';
import { arrange, gathered, inverseOrder, rowOrder, turned } from './arrange.ts';

test('rows of two heads of four are interleaved: 0 1 2 3 becomes 0 2 1 3', () => {
  const values = Float32Array.from({ length: 16 }, (_, i) => Math.floor(i / 2) + (i % 2) / 10);
  const placement = { path: 'q', name: 'attn_q', heads: 2 };
  const found = arrange(values, [8, 2], placement);
  expect(found.shape).toEqual([8, 2]);
  expect([...found.values.filter((_, i) => i % 2 === 0)]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  const order = rowOrder(placement, 8)!;
  expect([...order]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  expect([...gathered(gathered(values, order), inverseOrder(order))]).toEqual([...values]);
  // A head of six: i = 0, 1, 2 of either half side by side.
  expect([...rowOrder({ ...placement, heads: 1 }, 6)!]).toEqual([0, 3, 1, 4, 2, 5]);
});

test('a matrix is turned, whatever its sizes are', () => {
  for (const [first, second] of [[1, 1], [2, 3], [33, 65], [64, 7]] as const) {
    const values = Float32Array.from({ length: first * second }, (_, i) => i);
    const found = turned(values, first, second);
    for (let i = 0; i < first; i++) for (let j = 0; j < second; j++) expect(found[j * first + i]).toBe(i * second + j);
    expect(arrange(values, [first, second], { path: 'a', name: 'b', transposed: true }).shape).toEqual([second, first]);
  }
});

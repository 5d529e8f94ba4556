import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batches, batchesInOrder } from './batches.ts';
import type { CausalBatch } from './collate.ts';
import { packDocuments } from './packing/pack-documents.ts';
import { randomOrder } from './random-order.ts';

/** Row r is [2r, 2r + 1]. */
const rowsOf = (count: number) => packDocuments([Array.from({ length: 2 * count }, (_, i) => i)], { length: 2 });
const firstIds = ({ ids }: CausalBatch): number[] => [...ids].filter((_, i) => i % 2 === 0).map((id) => id / 2);

test('an epoch draws every row at most once, all but the rest, and the next one in another order', () => {
  const stream = batches(rowsOf(23), { batch: 5, seed: 3, epochs: 2 });
  const drawn = [...stream].map(firstIds);
  expect(stream.batchesPerEpoch).toBe(4);
  expect(drawn.length).toBe(8);
  const [one, two] = [drawn.slice(0, 4).flat(), drawn.slice(4).flat()];
  expect(new Set(one).size).toBe(20);
  expect(new Set(two).size).toBe(20);
  expect(one).not.toEqual(two);
  expect([...batches(rowsOf(23), { batch: 5, seed: 3, epochs: 2 })].map(firstIds)).toEqual(drawn);
  expect([...batches(rowsOf(23), { batch: 5, seed: 4, epochs: 2 })].map(firstIds)).not.toEqual(drawn);
});

test('going on from a saved position is the same as never having stopped', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 7 }), fc.nat(20), fc.nat(), (count, batch, stop, seed) => {
    fc.pre(count >= batch);
    const rows = rowsOf(count);
    const whole = [...batches(rows, { batch, seed, epochs: 4 })].map(firstIds);
    const stream = batches(rows, { batch, seed, epochs: 4 });
    const head: number[][] = [];
    for (const found of stream) {
      head.push(firstIds(found));
      if (head.length > stop) break;
    }
    const saved = JSON.parse(JSON.stringify(stream.position)) as typeof stream.position;
    expect([...head, ...[...batches(rows, { batch, seed, epochs: 4, position: saved })].map(firstIds)]).toEqual(whole);
  }));
});

test('orders are even: each number stands first about equally often', () => {
  const counts = new Array<number>(5).fill(0);
  for (let epoch = 0; epoch < 5000; epoch++) counts[randomOrder(5, { seed: 1, epoch })[0]!]!++;
  // 1000 expected, standard deviation √(5000 · 0.2 · 0.8) = 28; five of them
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(140);
});

test('in order: every row once, and a smaller last batch', () => {
  const found = [...batchesInOrder(rowsOf(5), { batch: 2 })];
  expect(found.map(firstIds)).toEqual([[0, 1], [2, 3], [4]]);
  // Row r has the target inside and the one across its end, but for the last token of the document.
  expect(found.map(({ targetCount }) => targetCount)).toEqual([4, 4, 1]);
});

test.each([
  [() => batches(rowsOf(3), { batch: 4, seed: 0 }), 'expected at least 4 rows of 2 tokens but found 3. Use more text'],
  [() => batches(rowsOf(3), { batch: 0, seed: 0 }), 'expected batch to be a whole number from 1 on but found 0'],
  [() => batches(rowsOf(3), { batch: 1, seed: -1 }), 'expected seed'],
  [() => batches(rowsOf(3), { batch: 1, seed: 0, epochs: 0 }), 'expected epochs'],
  [() => batches(rowsOf(3), { batch: 1, seed: 0, position: { epoch: 0, index: 4 } }), 'at most 3 batches but found 4. The rows or the batch size changed'],
])('what gives no batch is refused before the first (%#)', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});

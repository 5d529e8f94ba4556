import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mixedBatches, type MixPosition } from './mixed-batches.ts';
import { mixSchedule } from './mix-schedule.ts';
import { maskedTokens } from './objectives/masked-tokens.ts';
import { packDocuments } from './packing/pack-documents.ts';

/** Row r of the source that begins at `from` is [from + 2r, from + 2r + 1]. */
const rowsOf = (from: number, count: number) => packDocuments([Array.from({ length: 2 * count }, (_, i) => from + i)], { length: 2 });
const sources = { web: rowsOf(0, 23), code: rowsOf(1000, 7), books: rowsOf(2000, 5) };
const SOURCES = ['web', 'code', 'books'] as const;
const sourceOf = (id: number): (typeof SOURCES)[number] => SOURCES[Math.floor(id / 1000)]!;
const firstIds = ({ ids }: { ids: Int32Array }): number[] => [...ids].filter((_, i) => i % 2 === 0);

test('shares are kept to within a row at any time, and every source is gone through epoch by epoch', () => {
  const stream = mixedBatches(sources, { batch: 3, seed: 1, weights: () => ({ web: 5, code: 3, books: 2 }), batches: 100 });
  const drawn = [...stream].flatMap(firstIds);
  const counts = { web: 0, code: 0, books: 0 };
  drawn.forEach((id, i) => {
    counts[sourceOf(id)]++;
    for (const [name, share] of [['web', 0.5], ['code', 0.3], ['books', 0.2]] as const) expect(Math.abs(counts[name] - share * (i + 1))).toBeLessThanOrEqual(1);
  });
  expect(stream.epochs).toEqual({ web: 150 / 23, code: 90 / 7, books: 60 / 5 });
  for (const name of SOURCES) {
    const own = drawn.filter((id) => sourceOf(id) === name);
    const { count } = sources[name];
    const epochs = Array.from({ length: Math.floor(own.length / count) }, (_, i) => own.slice(i * count, (i + 1) * count));
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(count);
    expect(epochs[0]).not.toEqual(epochs[1]);
  }
});

test('weights that move are followed: the rows of a source are the sum of its shares', () => {
  const weights = mixSchedule([{ at: 0, weights: { web: 1 } }, { at: 50, weights: { web: 1 } }, { at: 100, weights: { books: 1 } }]);
  const stream = mixedBatches(sources, { batch: 4, seed: 1, weights, batches: 120 });
  const all = [...stream].map((batch) => firstIds(batch).filter((id) => sourceOf(id) === 'books').length);
  expect(all.slice(0, 51)).toEqual(new Array(51).fill(0));
  // Σ 4 · i/50 for i = 0 … 49, and then only books.
  expect(Math.abs(all.slice(50, 100).reduce((a, b) => a + b, 0) - 98)).toBeLessThanOrEqual(1);
  expect(all.slice(101)).toEqual(new Array(19).fill(4));
});

test('a schedule is a straight line between points, may jump, and is constant outside', () => {
  const weights = mixSchedule([{ at: 10, weights: { a: 2, b: 2 } }, { at: 20, weights: { a: 1 } }, { at: 20, weights: { b: 7 } }]);
  expect([0, 10, 15, 19, 20, 99].map((at) => weights(at)['a'])).toEqual([0.5, 0.5, 0.75, 0.95, 0, 0]);
  expect([0, 10, 15, 20, 99].map((at) => weights(at)['b'])).toEqual([0.5, 0.5, 0.25, 1, 1]);
});

test('going on from a saved position is the same as never having stopped, draws of the objective included', () => {
  const collate = maskedTokens({ maskId: 5000, vocabSize: 6000, rate: 0.5 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(30), fc.nat(), (batch, stop, seed) => {
    const weights = mixSchedule([{ at: 0, weights: { web: 1, code: 2 } }, { at: 25, weights: { books: 1, code: 1 } }]);
    const options = { batch, seed, weights, batches: 32, collate };
    const seen = ({ ids, targets }: { ids: Int32Array; targets: Int32Array }): number[][] => [[...ids], [...targets]];
    const whole = [...mixedBatches(sources, options)].map(seen);
    const stream = mixedBatches(sources, options);
    const head: number[][][] = [];
    for (const found of stream) {
      head.push(seen(found));
      if (head.length > stop) break;
    }
    const position = JSON.parse(JSON.stringify(stream.position)) as MixPosition;
    expect([...head, ...[...mixedBatches(sources, { ...options, position })].map(seen)]).toEqual(whole);
  }), { numRuns: 30 });
});

test('a source keeps its order whatever else there is', () => {
  const own = (weights: { [name: string]: number }, named: typeof sources | Pick<typeof sources, 'web'>): number[] => (
    [...mixedBatches(named, { batch: 4, seed: 3, weights: () => weights, batches: 20 })].flatMap(firstIds).filter((id) => id < 1000));
  const alone = own({ web: 1 }, { web: sources.web });
  const among = own({ web: 1, code: 1 }, sources);
  expect(among.length).toBe(40);
  expect(alone.slice(0, 40)).toEqual(among);
});

test.each([
  [() => mixedBatches({}, { batch: 1, seed: 0, weights: () => ({}) }), 'expected at least one source'],
  [() => mixedBatches({ a: rowsOf(0, 2), b: packDocuments([[1, 2, 3]], { length: 3 }) }, { batch: 1, seed: 0, weights: () => ({ a: 1 }) }), 'expected rows of 2 tokens in every source, as in a, but found 3 in b'],
  [() => mixedBatches(sources, { batch: 0, seed: 0, weights: () => ({}) }), 'expected batch'],
  [() => [...mixedBatches(sources, { batch: 1, seed: 0, weights: () => ({ wbe: 1 }) })], 'expected weights for web, code, books but found one for wbe'],
  [() => [...mixedBatches(sources, { batch: 1, seed: 0, weights: () => ({ web: -1 }) })], 'expected a weight from 0 on for web but found -1'],
  [() => [...mixedBatches(sources, { batch: 1, seed: 0, weights: () => ({ web: 0 }) })], 'expected at least one weight above 0'],
  [() => mixedBatches(sources, { batch: 1, seed: 0, weights: () => ({ web: 1 }), position: { drawn: 9, sources: { code: { epoch: 0, index: 8, owed: 0 } } } }), 'at most 7 rows in code but found 8'],
  [() => mixSchedule([]), 'expected at least one point'],
  [() => mixSchedule([{ at: 5, weights: { a: 1 } }, { at: 4, weights: { a: 1 } }]), 'expected points in order but found 4 after 5'],
  [() => mixSchedule([{ at: 5, weights: {} }]), 'expected weights that sum to more than 0 at 5 but found 0'],
])('what cannot be mixed is refused (%#)', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Example, plainExample } from '../examples/example.ts';
import { inOrder } from '../order/shuffled.ts';
import { batches, batchesInOrder } from './batches.ts';
import { bfd } from './best-fit-decreasing.ts';
import { checkRows } from './check-rows.ts';
import { padded } from './padded.ts';
import { type SftBatch, toBatch } from './to-batch.ts';
import { keepEnd } from './truncation.ts';

/** Examples whose ids say which they are. */
const examplesOf = (lengths: readonly number[]): Example[] => lengths.map((length, i) => plainExample(Array.from({ length }, (_, j) => 100 * (i + 1) + j)));
const firstIds = (batch: SftBatch): number[] => Array.from({ length: batch.rows }, (_, row) => batch.ids[row * batch.length]!);

test('every row once an epoch, in another order each epoch, the last batch smaller', () => {
  const { rows } = padded(examplesOf([3, 4, 5, 6, 7]));
  const stream = batches(rows, { batch: 2, seed: 1, epochs: 2 });
  const drawn = [...stream].map(firstIds);
  expect(drawn.map((ids) => ids.length)).toEqual([2, 2, 1, 2, 2, 1]);
  const [one, two] = [drawn.slice(0, 3).flat(), drawn.slice(3).flat()];
  expect(one.toSorted((a, b) => a - b)).toEqual([100, 200, 300, 400, 500]);
  expect(two.toSorted((a, b) => a - b)).toEqual([100, 200, 300, 400, 500]);
  expect(one).not.toEqual(two);
  expect(stream.position).toEqual({ epoch: 2, index: 0, tokens: 50 });
});

test('three epochs where nothing is said, as TRL', () => {
  expect([...batches(padded(examplesOf([3, 4])).rows, { batch: 1 })].length).toBe(6);
});

test('going on from a saved position equals never having stopped', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 2, max: 9 }), { minLength: 3, maxLength: 12 }), fc.integer({ min: 1, max: 3 }), fc.nat(20), fc.nat(), (lengths, batch, stop, seed) => {
    const { rows } = padded(examplesOf(lengths));
    const options = { batch, seed, epochs: 3 };
    const all = [...batches(rows, options)];
    const first = batches(rows, options);
    const begun: SftBatch[] = [];
    for (const each of first) if (begun.push(each) > stop) break;
    const position = JSON.parse(JSON.stringify(first.position)) as typeof first.position;
    const rest = batches(rows, { ...options, position });
    expect([...begun, ...rest]).toEqual(all);
    expect(rest.position.tokens).toBe(3 * lengths.reduce((sum, length) => sum + length, 0));
  }), { numRuns: 50 });
});

test('a batch: targets one to the left within each example, positions that restart, padding that is no target', () => {
  const weighted: Example = { ids: Int32Array.of(7, 8, 9), weights: Float32Array.of(1, 0, 0.5) };
  const batch = toBatch([[plainExample([5, 6]), weighted], [plainExample([3])]], { padId: 99, padToMultipleOf: 4 });
  expect(batch).toMatchObject({ rows: 2, length: 8, targetCount: 2, packed: true, restarts: true });
  expect([...batch.ids]).toEqual([5, 6, 7, 8, 9, 99, 99, 99, 3, 99, 99, 99, 99, 99, 99, 99]);
  expect([...batch.targets]).toEqual([6, -100, -100, 9, -100, -100, -100, -100, -100, -100, -100, -100, -100, -100, -100, -100]);
  expect([...batch.weights!.slice(0, 5)]).toEqual([1, 0, 0, 0.5, 0]);
  expect([...batch.segments]).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect([...batch.positions]).toEqual([0, 1, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7]);
  const plain = toBatch([[plainExample([5, 6])]]);
  expect(plain).toMatchObject({ packed: false, restarts: false });
  expect('weights' in plain).toBe(false);
});

test('packing keeps every target of what fits into a row', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }), (lengths) => {
    const examples = examplesOf(lengths);
    const one = [...batchesInOrder(examples.map((example) => [example]), { batch: 1 })].reduce((sum, { targetCount }) => sum + targetCount, 0);
    const packed = [...batchesInOrder(bfd(examples, { length: 20 }), { batch: 3 })].reduce((sum, { targetCount }) => sum + targetCount, 0);
    expect(packed).toBe(one);
  }));
});

test('padding-free puts the examples of a batch into rows as long as its longest', () => {
  const { rows } = padded(examplesOf([8, 3, 4, 2, 6, 1].map((length) => Math.max(2, length))));
  const [free] = batches(rows, { batch: 6, order: inOrder(6), epochs: 1, paddingFree: true });
  expect(free).toMatchObject({ rows: 4, length: 8, targetCount: 19, packed: true });
});

test('truncation from either end, and what is left out because nothing is left to learn', () => {
  const example: Example = { ids: Int32Array.of(1, 2, 3, 4, 5), weights: Float32Array.of(0, 0, 0, 1, 1), index: 7 };
  expect(padded([example, plainExample([8, 9])], { maxLength: 3 })).toMatchObject({ truncated: 1, dropped: [{ index: 7 }], rows: [[{ ids: Int32Array.of(8, 9) }]] });
  expect(padded([example], { maxLength: 3, truncation: keepEnd })).toMatchObject({ truncated: 1, dropped: [], rows: [[{ ids: Int32Array.of(3, 4, 5), index: 7 }]] });
});

describe('data that nothing can be learned from is refused before a model is needed', () => {
  const masked: Example = { ids: Int32Array.of(1, 2, 3), weights: Float32Array.of(1, 0, 0) };
  test.each<[string, () => unknown, string]>([
    ['E_EMPTY', () => padded([]), 'expected examples but found none. Check the file and the filters'],
    ['E_EMPTY', () => batches([], { batch: 1 }), 'expected rows for training but found none'],
    ['E_EMPTY', () => { checkRows([], { purpose: 'validation' }); }, 'expected rows for validation but found none. Check the file, the filters and the split'],
    ['E_TOO_FEW', () => batches([[plainExample([1, 2])]], { batch: 2 }), 'expected at least 2 rows for training, one batch, but found 1. Use a smaller batch, shorter rows or more data'],
    ['E_CONTEXT', () => { checkRows([[plainExample([1, 2])], [plainExample([1, 2, 3]), plainExample([1, 2])]], { context: 4 }); }, 'expected rows of at most 4 tokens, the context of the model, but found 5 in row 1'],
    ['E_MASK', () => batches([[masked]], { batch: 1 }), 'expected tokens to learn but found every token of all 1 rows masked. Look at them with maskView'],
    ['E_MASK', () => padded([masked], { maxLength: 8 }), 'expected something to learn within 8 tokens but found nothing in any of 1 examples'],
  ])('%s %#', (code, run, message) => {
    expect(run).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error);
  });

  test('options that make no sense', () => {
    const { rows } = padded(examplesOf([3, 3]));
    expect(() => batches(rows, { batch: 0 })).toThrow('expected batch to be a whole number from 1 on but found 0');
    expect(() => batches(rows, { batch: 1, epochs: 0 })).toThrow('expected epochs to be a whole number from 1 on but found 0');
    expect(() => batches(rows, { batch: 1, position: { epoch: 0, index: 3, tokens: 0 } })).toThrow('expected a position of at most 2 batches but found 3. The rows or the batch size changed since it was saved');
    expect(() => [...batches(rows, { batch: 1, order: () => [5] })]).toThrow('expected an order of rows below 2 but found 5');
    expect(() => batches(rows, { batch: 1, order: () => [] })).toThrow('expected an order of at least one row but found none for epoch 0');
    expect(() => padded([], { maxLength: 1 })).toThrow('expected maxLength to be a whole number from 2 on but found 1');
  });
});

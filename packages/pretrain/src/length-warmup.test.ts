import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batches, batchOf } from './batches.ts';
import { lengthWarmup } from './length-warmup.ts';
import { mixedBatches } from './mixed-batches.ts';
import { blankInfilling } from './objectives/blank-infilling.ts';
import { shortBlanks } from './objectives/blanks.ts';
import { denoisers, ul2 } from './objectives/denoisers.ts';
import { maskedTokens } from './objectives/masked-tokens.ts';
import { prefixLm } from './objectives/prefix-lm.ts';
import { spanCorruption } from './objectives/span-corruption.ts';
import { IGNORED, packDocuments } from './packing/pack-documents.ts';

const rows = packDocuments(Array.from({ length: 40 }, (_, d) => Array.from({ length: 5 + ((d * 7) % 50) }, (_, i) => 10 + ((d + i) % 80))), { length: 64, eos: 1 });

test('8, 24, 44 of 61 in three steps: multiples of 8, but for the last', () => {
  const length = lengthWarmup({ from: 8, to: 61, over: 3 });
  // 8 + 53/3 = 25.7, 8 + 106/3 = 43.3
  expect([0, 1, 2, 3, 99].map(length)).toEqual([8, 24, 40, 61, 61]);
  expect([0, 1, 2, 3].map(lengthWarmup({ from: 10, to: 20, over: 2, multipleOf: 1 }))).toEqual([10, 15, 20, 20]);
  // Below the first multiple it stays at what it began with.
  expect([0, 1, 2].map(lengthWarmup({ from: 3, to: 9, over: 2 }))).toEqual([3, 3, 9]);
});

test('a shortened row is the beginning of the row, and its last token keeps its target', () => {
  const [whole] = batches(rows, { batch: 3, seed: 1 });
  const [short] = batches(rows, { batch: 3, seed: 1, length: () => 20 });
  expect(short!.length).toBe(20);
  for (const field of ['ids', 'targets', 'segments', 'positions'] as const) {
    expect([...short![field]]).toEqual([0, 1, 2].flatMap((row) => [...whole![field].subarray(row * 64, row * 64 + 20)]));
  }
  expect(short!.targetCount).toBe(short!.targets.filter((target) => target !== IGNORED).length);
});

test.each([
  ['causal', undefined],
  ['masked', maskedTokens({ maskId: 99, vocabSize: 100, specialIds: [1] })],
  ['span corruption', spanCorruption({ sentinelId: 199, eosId: 1 })],
  ['UL2', denoisers(ul2({ regularId: 200, sequentialId: 201, extremeId: 202 }), { sentinelId: 199, eosId: 1 })],
  ['GLM', blankInfilling([shortBlanks({ maskId: 99 })], { startId: 97, endId: 98, specialIds: [1] })],
  ['prefix', prefixLm],
] as const)('%s: goes on from any position with the same lengths and the same draws', (_, collate) => {
  const text = (batch: unknown): string => JSON.stringify(batch, (_, value: unknown) => (value instanceof Int32Array ? [...value] : value));
  fc.assert(fc.property(fc.nat(14), fc.nat(1000), (stop, seed) => {
    const options = { batch: 2, seed, epochs: 2, length: lengthWarmup({ from: 16, to: 64, over: 9 }) };
    const make = (position?: { epoch: number; index: number }) => {
      const given = { ...options, ...(position === undefined ? {} : { position }) };
      return collate === undefined ? batches(rows, given) : batches<unknown>(rows, { ...given, collate });
    };
    const whole = [...make()].map(text);
    // Each epoch draws anew.
    expect(new Set(whole).size).toBe(whole.length);
    const stream = make();
    const head: string[] = [];
    for (const batch of stream) {
      head.push(text(batch));
      if (head.length > stop) break;
    }
    expect([...head, ...[...make(JSON.parse(JSON.stringify(stream.position)) as typeof stream.position)].map(text)]).toEqual(whole);
  }), { numRuns: 5 });
});

test('mixtures warm up too', () => {
  const found = [...mixedBatches({ a: rows, b: rows }, { batch: 2, seed: 0, weights: () => ({ a: 1, b: 1 }), batches: 4, length: lengthWarmup({ from: 16, to: 64, over: 3 }) })];
  expect(found.map(({ length }) => length)).toEqual([16, 32, 48, 64]);
});

test.each([
  [() => lengthWarmup({ from: 1, to: 8, over: 4 }), 'expected from to be a whole number from 2 on but found 1'],
  [() => lengthWarmup({ from: 16, to: 8, over: 4 }), 'expected to to be a whole number from 16 on but found 8'],
  [() => lengthWarmup({ from: 8, to: 16, over: 0 }), 'expected over'],
  [() => [...batches(rows, { batch: 1, seed: 0, epochs: 1, length: () => 65 })], 'expected a length from 2 to 64, that of the rows, but found 65'],
])('what is no schedule is refused (%#)', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});

test('a whole row is as ever', () => {
  expect(batchOf(rows, [0]).length).toBe(64);
});

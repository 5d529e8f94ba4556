import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Example, plainExample } from '../examples/example.ts';
import { readExample } from '../formats/read-example.ts';
import { batches } from '../rows/batches.ts';
import type { Row } from '../rows/row.ts';
import { apportion } from './apportion.ts';
import { balance, instructionGroup, lengthGroup } from './balance.ts';
import { annealed, easyFirst } from './curriculum.ts';
import { mixture } from './mixture.ts';
import { inOrder, permutation, shuffled } from './shuffled.ts';
import { splitExamples } from './split-examples.ts';

const rowsOf = (count: number, mark: number): Row[] => Array.from({ length: count }, (_, i) => [plainExample([mark, i])]);

test('a permutation has every number once, and is a function of seed and epoch', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 60 }), fc.nat(), fc.nat(100), (count, seed, epoch) => {
    const order = permutation(count, { seed, epoch });
    expect(Array.from(order).toSorted((a, b) => a - b)).toEqual(Array.from(inOrder(count)(0)));
    expect(shuffled(count, { seed })(epoch)).toEqual(order);
  }));
  expect(permutation(50, { seed: 1, epoch: 0 })).not.toEqual(permutation(50, { seed: 1, epoch: 1 }));
  expect(permutation(50, { seed: 1, epoch: 0 })).not.toEqual(permutation(50, { seed: 2, epoch: 0 }));
});

describe('curriculum', () => {
  const difficulty = [5, 1, 4, 1, 3, 9, 2, 6];

  test('from the easiest to the hardest, equals as they were', () => {
    expect(Array.from(easyFirst(difficulty)(0))).toEqual([1, 3, 6, 4, 2, 0, 7, 5]);
    expect(easyFirst(difficulty)(3)).toEqual(easyFirst(difficulty)(0));
  });

  test('annealed: the first epoch is in order, the last is a shuffle, every epoch has every row once', () => {
    const order = annealed(difficulty, { seed: 2, epochs: 4 });
    expect(Array.from(order(0))).toEqual(Array.from(easyFirst(difficulty)(0)));
    expect(Array.from(order(3))).toEqual(Array.from(permutation(8, { seed: 2, epoch: 3 })));
    expect(order(9)).toEqual(Int32Array.from(permutation(8, { seed: 2, epoch: 9 })));
    for (let epoch = 0; epoch < 5; epoch++) expect(Array.from(order(epoch)).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('annealed: order fades from epoch to epoch', () => {
    const many = Array.from({ length: 400 }, (_, i) => i);
    const order = annealed(many, { seed: 1, epochs: 5 });
    // How far the order goes with difficulty: the correlation of place and rank.
    const correlation = (epoch: number): number => {
      let sum = 0;
      Array.from(order(epoch)).forEach((row, place) => { sum += (row - 199.5) * (place - 199.5); });
      return sum / ((400 * (400 ** 2 - 1)) / 12);
    };
    const found = [0, 1, 2, 3, 4].map(correlation);
    expect(found[0]).toBeCloseTo(1, 9);
    for (let i = 1; i < 5; i++) expect(found[i]!).toBeLessThan(found[i - 1]!);
    expect(Math.abs(found[4]!)).toBeLessThan(0.2);
  });

  test('a difficulty that is none', () => {
    expect(() => easyFirst([1, NaN])).toThrow('expected a difficulty for every row but found NaN for row 1');
  });
});

test('apportioning: whole numbers in proportion that add up', () => {
  expect(apportion([1, 1, 1], 10)).toEqual([4, 3, 3]);
  expect(apportion([0.5, 0.3, 0.2], 7)).toEqual([4, 2, 1]);
  fc.assert(fc.property(fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 }), fc.nat(200), (shares, total) => {
    const counts = apportion(shares, total);
    const sum = shares.reduce((a, b) => a + b);
    expect(counts.reduce((a, b) => a + b)).toBe(total);
    counts.forEach((count, i) => { expect(Math.abs(count - (shares[i]! / sum) * total)).toBeLessThan(1); });
  }));
});

describe('mixture', () => {
  const countOf = (order: ArrayLike<number>, from: number, to: number): number => Array.from(order).filter((row) => row >= from && row < to).length;

  test('in proportion to size: one pass of each an epoch, and replay on top', () => {
    const mixed = mixture([{ name: 'chat', rows: rowsOf(60, 1) }, { name: 'maths', rows: rowsOf(30, 2) }, { name: 'replay', rows: rowsOf(1000, 3), fraction: 0.1 }], { seed: 3 });
    expect(mixed.rowsPerEpoch).toBe(100);
    const order = mixed.order(0);
    expect([countOf(order, 0, 60), countOf(order, 60, 90), countOf(order, 90, 1090)]).toEqual([60, 30, 10]);
    expect(new Set(Array.from(order)).size).toBe(100);
    expect(mixed.report(3).map(({ name, share, drawn, epochs }) => [name, share, drawn, epochs])).toEqual([['chat', 0.6, 180, 3], ['maths', 0.3, 90, 3], ['replay', 0.1, 30, 0.03]]);
    expect(mixed.report(1)[0]).toMatchObject({ rows: 60, tokens: 120, targets: 60 });
  });

  test('weights and temperature, as in the formula', () => {
    const sources = [{ name: 'a', rows: rowsOf(100, 1) }, { name: 'b', rows: rowsOf(25, 2), weight: 2 }];
    const shares = (temperature: number): number[] => mixture(sources, { seed: 0, temperature, rowsPerEpoch: 1200 }).report(1).map(({ share }) => share);
    expect(shares(1)).toEqual([800 / 1200, 400 / 1200]);
    expect(shares(2)).toEqual([0.5, 0.5]);
    expect(shares(Infinity)).toEqual([400 / 1200, 800 / 1200]);
  });

  test('within a source no row comes again before all have come, across epochs', () => {
    const mixed = mixture([{ name: 'a', rows: rowsOf(7, 1) }, { name: 'b', rows: rowsOf(20, 2) }], { seed: 5, rowsPerEpoch: 13 });
    const { drawn } = mixed.report(1)[0]!;
    const seen = new Map<number, number>();
    for (let epoch = 0; epoch < 9; epoch++) {
      for (const row of Array.from(mixed.order(epoch))) seen.set(row, (seen.get(row) ?? 0) + 1);
      const ofA = [0, 1, 2, 3, 4, 5, 6].map((row) => seen.get(row) ?? 0);
      expect(ofA.reduce((a, b) => a + b)).toBe(drawn * (epoch + 1));
      expect(Math.max(...ofA) - Math.min(...ofA)).toBeLessThanOrEqual(1);
    }
    expect(mixed.order(0)).not.toEqual(mixed.order(1));
  });

  test('batches of it resume', () => {
    const mixed = mixture([{ name: 'a', rows: rowsOf(5, 1) }, { name: 'b', rows: rowsOf(9, 2), fraction: 0.3 }], { seed: 1 });
    const options = { batch: 2, epochs: 2, order: mixed.order };
    const all = [...batches(mixed.rows, options)];
    const stream = batches(mixed.rows, options);
    const [first] = stream;
    expect([first, ...batches(mixed.rows, { ...options, position: stream.position })]).toEqual(all);
  });

  test.each([
    [[{ name: 'a', rows: [] }], 'expected rows in every source but found none in a'],
    [[{ name: 'a', rows: rowsOf(1, 1), weight: 0 }], 'expected the weight of a to be above 0 but found 0'],
    [[{ name: 'a', rows: rowsOf(1, 1), fraction: 1 }], 'expected the fraction of a between 0 and 1 but found 1'],
    [[{ name: 'a', rows: rowsOf(1, 1), fraction: 0.5 }], 'expected a source without a fixed fraction, and fractions below 1 in all, but found 0 and 0.5'],
  ])('%#', (sources, message) => {
    expect(() => mixture(sources, { seed: 0 })).toThrow(message);
  });

  test('options that make no sense', () => {
    const sources = [{ name: 'a', rows: rowsOf(2, 1) }];
    expect(() => mixture(sources, { seed: 0, temperature: 0.5 })).toThrow('expected a temperature from 1 on but found 0.5');
    expect(() => mixture(sources, { seed: 0, rowsPerEpoch: 0 })).toThrow('expected rowsPerEpoch to be a whole number from 1 on but found 0');
  });
});

describe('balance', () => {
  const items = [...new Array<string>(80).fill('long'), ...new Array<string>(15).fill('mid'), ...new Array<string>(5).fill('short')].map((group, i) => ({ group, i }));

  test('every group the same, or as large as it is, or in between', () => {
    const drawn = (temperature: number): number[] => balance(items, { groupOf: ({ group }) => group, seed: 0, temperature, total: 90 }).groups.map((group) => group.drawn);
    expect(drawn(Infinity)).toEqual([30, 30, 30]);
    expect(drawn(1)).toEqual([72, 14, 4]);
    expect(drawn(2)).toEqual(apportion([Math.sqrt(80), Math.sqrt(15), Math.sqrt(5)], 90));
  });

  test('no item twice before all of its group once', () => {
    const { items: chosen, groups } = balance(items, { groupOf: ({ group }) => group, seed: 4, total: 90 });
    expect(new Set(chosen.filter(({ group }) => group === 'long').map(({ i }) => i)).size).toBe(30);
    const counts = new Map<number, number>();
    for (const { i, group } of chosen) if (group === 'short') counts.set(i, (counts.get(i) ?? 0) + 1);
    expect([...counts.values()]).toEqual([6, 6, 6, 6, 6]);
    expect(groups.at(-1)).toEqual({ group: 'short', items: 5, drawn: 30, epochs: 6 });
    expect(() => balance(items, { groupOf: () => '', seed: 0, temperature: 0 })).toThrow('expected a temperature from 1 on but found 0');
  });

  test('groups of answers by length, and of instructions by their first word', () => {
    const example = (targets: number): Example => plainExample(new Array<number>(targets + 1).fill(1));
    expect([0, 1, 2, 3, 4, 31, 32].map((targets) => lengthGroup(example(targets)))).toEqual(['1…1', '1…1', '2…3', '2…3', '4…7', '16…31', '32…63']);
    const group = (prompt: string): string => instructionGroup(readExample({ prompt, completion: 'x' }));
    expect(['Write a poem.', '  please list three', 'Could you explain it?', '“What” is it', '42?', 'Écris un mot'].map(group)).toEqual(['write', 'list', 'explain', 'what', 'other', 'écris']);
  });
});

describe('validation', () => {
  const examples = Array.from({ length: 400 }, (_, i) => readExample({ prompt: `p${i}`, completion: 'a' }));

  test('an example keeps its side whatever else there is, and twins share theirs', () => {
    const { train, validation } = splitExamples(examples, { validationFraction: 0.2 });
    expect(validation.length).toBeGreaterThan(50);
    expect(validation.length).toBeLessThan(110);
    const again = splitExamples([...examples.slice(200), ...validation.map((example) => ({ ...example, index: 1 }))], { validationFraction: 0.2 });
    const prompts = (list: typeof train): Set<unknown> => new Set(list.map(({ prompt }) => prompt));
    expect([...prompts(again.train)].every((prompt) => prompts(train).has(prompt))).toBe(true);
    expect(prompts(again.validation)).toEqual(prompts(validation));
    expect(splitExamples(examples, { validationFraction: 0.2, seed: 1 }).validation).not.toEqual(validation);
  });

  test('a side that stays empty, a share that is none', () => {
    expect(() => splitExamples(examples.slice(0, 1), { validationFraction: 0.5 })).toThrow(expect.objectContaining({ code: 'E_EMPTY', message: expect.stringContaining('expected both sides to get examples but found none for') as string }) as Error);
    expect(() => splitExamples(examples, { validationFraction: 1 })).toThrow('expected validationFraction between 0 and 1 but found 1');
  });
});

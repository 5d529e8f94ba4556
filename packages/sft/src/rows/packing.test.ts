import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Example, plainExample } from '../examples/example.ts';
import { bfd, bfdSplit } from './best-fit-decreasing.ts';
import { rowLength, type Row } from './row.ts';
import { wrapped } from './wrapped.ts';

interface Case {
  readonly lengths: number[];
  readonly seq_length: number;
  readonly bfd: number[][];
  readonly bfd_split: number[][];
  readonly wrapped: number[][];
}
const cases = Object.entries(JSON.parse(readFileSync(new URL('../../fixtures/packing.json', import.meta.url), 'utf8')) as Record<string, Case>);

/** Each id says which example and which place it is from. */
const examplesOf = (lengths: readonly number[]): Example[] => lengths.map((length, i) => plainExample(Array.from({ length }, (_, j) => 100 * i + j)));
const runs = (row: Row): number[] => row.flatMap(({ ids }) => [Math.floor(ids[0]! / 100), ids[0]! % 100, ids.length]);

describe.each(cases)('%s', (_name, { lengths, seq_length: length, ...expected }) => {
  test('the rows are TRL\'s', () => {
    expect(bfd(examplesOf(lengths), { length }).map(runs)).toEqual(expected.bfd);
    expect(bfdSplit(examplesOf(lengths), { length }).map(runs)).toEqual(expected.bfd_split);
    expect(wrapped(examplesOf(lengths), { length }).map(([piece]) => [...piece!.ids])).toEqual(expected.wrapped);
  });
});

const lengthsOf = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 });

test('splitting and wrapping lose no token; no row is too long', () => {
  fc.assert(fc.property(lengthsOf, fc.integer({ min: 1, max: 50 }), (lengths, length) => {
    const examples = examplesOf(lengths);
    const all = examples.flatMap(({ ids }) => [...ids]).toSorted((a, b) => a - b);
    for (const rows of [bfdSplit(examples, { length }), wrapped(examples, { length })]) {
      expect(rows.flatMap((row) => row.flatMap(({ ids }) => [...ids])).toSorted((a, b) => a - b)).toEqual(all);
      expect(Math.max(0, ...rows.map(rowLength))).toBeLessThanOrEqual(length);
    }
    expect(bfd(examples, { length }).flat().length).toBe(lengths.filter((size) => size > 0).length);
  }));
});

test('no two rows of best fit could be one', () => {
  fc.assert(fc.property(lengthsOf, (lengths) => {
    const sizes = bfd(examplesOf(lengths), { length: 60 }).map(rowLength).toSorted((a, b) => a - b);
    expect(sizes.length < 2 || sizes[0]! + sizes[1]! > 60).toBe(true);
  }));
});

test('a row that cannot be is refused', () => {
  for (const pack of [bfd, bfdSplit, wrapped]) expect(() => pack([], { length: 0.5 })).toThrow('expected length to be a whole number from 1 on but found 0.5');
});

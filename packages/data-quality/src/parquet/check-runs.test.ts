import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js';
import { expect, test } from 'vitest';
import { checkRuns } from './check-runs.ts';

const repeated = (length: number): number[] => varint(2 * length);
const packed = (groups: number): number[] => varint(2 * groups + 1);
function varint(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...varint(Math.floor(value / 128))];
}
const check = (bytes: number[], values: number, { width = 1, isWhole = true, end = bytes.length } = {}): void => checkRuns(new DataView(Uint8Array.from(bytes).buffer), { start: 0, end, width, values, isWhole });

test('whatever the decoder reads to its end is let through', () => {
  for (const [bytes, values, width] of [
    [[...repeated(10), 1], 10, 1], [[...repeated(3), 0, ...packed(1), 0b10101, ...repeated(2), 1], 13, 1], [[...packed(2), 1, 2, 3, 4], 11, 2], [[...repeated(300), 1, 2], 300, 9], [[...repeated(7)], 7, 0], [[...packed(1), 0xff, 0], 8, 1],
    // More than there are values, in the last group of a page.
    [[...repeated(6), 1, ...packed(1), 0xff], 9, 1],
  ] as const) {
    const out = new Array<number>(values);
    readRleBitPackedHybrid({ view: new DataView(Uint8Array.from(bytes).buffer), offset: 0 }, width, out, bytes.length);
    expect(out).toHaveLength(values);
    expect(() => check([...bytes], values, { width })).not.toThrow();
  }
  expect(() => check([], 0)).not.toThrow();
});

test('lengths beyond the values or the bytes are refused', () => {
  expect(() => check([...repeated(11), 1], 10)).toThrow('a run of 11 values in a page of 10');
  expect(() => check([...repeated(2 ** 31 - 1), 1], 10)).toThrow(RangeError);
  expect(() => check([...repeated(5), 1], 10)).toThrow('a run whose length does not end');
  expect(() => check([...packed(2), 1], 16)).toThrow('longer than its bytes');
  expect(() => check([...repeated(10), 1], 10, { end: 1 })).toThrow('longer than its bytes');
  expect(() => check([...repeated(10), 1], 10, { end: 3 })).toThrow('runs in bytes 0 to 3 of 2');
  expect(() => check([128, 128, 128, 128, 128, 1], 10)).toThrow('does not end');
  expect(() => check([...repeated(1), 1], 1, { width: 33 })).toThrow('values of 33 bits');
  expect(() => check([...packed(2 ** 28)], 10, { width: 0 })).toThrow('packed values in a page of 10');
});

test('indices may end before there is one for every value, and be no longer', () => {
  expect(() => check([...repeated(5), 1], 10, { isWhole: false })).not.toThrow();
  expect(() => check([...packed(1)], 10, { isWhole: false })).not.toThrow();
  expect(() => check([...repeated(11), 1], 10, { isWhole: false })).toThrow('a run of 11 values');
});

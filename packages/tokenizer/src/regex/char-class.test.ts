import { expect, test } from 'vitest';
import { eachRange } from '../each-range.ts';
import { letterRanges, lowerRanges, markRanges, numberRanges } from '../unicode-ranges.ts';
import { propertyClass } from './char-class.ts';

test.each([['L', letterRanges], ['Letter', letterRanges], ['N', numberRanges], ['Number', numberRanges], ['M', markRanges], ['Mark', markRanges], ['Ll', lowerRanges]])('\\p{%s} is what the tables of the reference say, of every code point', (name, ranges) => {
  const wanted = new Uint8Array(0x110000);
  eachRange(ranges, (start, end) => void wanted.fill(1, start, end));
  const member = propertyClass(name)!;
  expect(wanted.findIndex((each, code) => (each === 1) !== member(code))).toBe(-1);
});

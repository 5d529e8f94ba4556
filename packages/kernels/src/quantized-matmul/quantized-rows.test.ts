import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { quantizedRows } from './quantized-rows.ts';

type Random = () => number;
const codes = (random: Random, length: number): number[] => Array.from({ length }, (_, i) => Math.floor(random() * 2 ** 24) << (i % 2 === 0 ? 0 : 8));

test('rows of a quantized table, where blocks end with rows and where they do not', async () => {
  const cases = [8, 4].flatMap((bits) => [[1, 5, 1], [3, 32, 4], [7, 12, 9], [5, 31, 3], [4, 33, 0], [2, 1000, 2]].flatMap(([rows, width, count]) => [false, true].map((offset) => ({
    dims: { rows: rows!, width: width!, count: count! }, uniforms: { bits, blockSize: width === 12 ? 8 : 32, zero: offset ? 0 : 8 },
    inputs: { codes, ids: (random: Random, length: number) => Array.from({ length }, () => Math.floor(random() * rows!)) }, with: offset ? ['offset'] : [],
  }))));
  const ran = await checkKernel(quantizedRows, { cases, tolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('an id outside the table gives a row of NaN', async () => {
  for (const { run, name } of await checkDevices()) {
    const io = { codes: Float64Array.of(0x04030201, 0x08070605), scale: Float64Array.of(1, 2), ids: Float64Array.of(1, -1, 2, 0), y: new Float64Array(16) };
    const { y } = await run(quantizedRows, { io, dims: { rows: 2, width: 4, count: 4, words: 2, blocks: 2 }, uniforms: { bits: 8, blockSize: 4, zero: 0 } });
    expect([...y!], name).toEqual([10, 12, 14, 16, ...Array<number>(8).fill(NaN), 1, 2, 3, 4]);
  }
});

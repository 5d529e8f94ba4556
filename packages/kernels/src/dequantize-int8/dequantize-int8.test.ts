import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { dequantizeInt8 } from './dequantize-int8.ts';

/** Words of 24 bits, low or high, since checkKernel hands them through 32-bit floats. */
const packed = (random: () => number, length: number): number[] => Array.from({ length }, (_, i) => Math.floor(random() * 2 ** 24) << (i % 2 === 0 ? 0 : 8));
const cases = [[0, 4], [1, 1], [3, 1], [5, 8], [7, 13], [257, 8]].map(([blocks, words]) => ({ dims: { blocks: blocks!, words: words! }, inputs: { packed } }));

test('dequantizeInt8 equals its definition', async () => {
  const ran = await checkKernel(dequantizeInt8, { cases, tolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('0x80ff7f01 holds 1, 127, −1 and −128, on every device', async () => {
  for (const { run, name } of await checkDevices()) {
    const io = { packed: Float64Array.of(0x80ff7f01 | 0, 0x01020304), scale: Float64Array.of(0.5, 2), y: new Float64Array(8) };
    const { y } = await run(dequantizeInt8, { io, dims: { blocks: 2, words: 1, lanes: 4 }, uniforms: {} });
    expect([...y!], name).toEqual([0.5, 63.5, -0.5, -64, 8, 6, 4, 2]);
  }
});

import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { dequantizeInt4 } from './dequantize-int4.ts';

/** Words of 24 bits, low or high, since checkKernel hands them through 32-bit floats. */
const packed = (random: () => number, length: number): number[] => Array.from({ length }, (_, i) => Math.floor(random() * 2 ** 24) << (i % 2 === 0 ? 0 : 8));
const cases = [
  ...[[0, 4], [1, 1], [3, 1], [5, 4], [7, 13], [257, 4]].map(([blocks, words]) => ({ dims: { blocks: blocks!, words: words! }, inputs: { packed } })),
  { dims: { blocks: 2, words: 3 }, uniforms: { zero: 0 }, inputs: { packed } },
];

test('dequantizeInt4 equals its definition', async () => {
  const ran = await checkKernel(dequantizeInt4, { cases, tolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('0xfedcba98 holds 0 to 7 above 8, and 0x76543210 −8 to −1, on every device', async () => {
  for (const { run, name } of await checkDevices()) {
    const io = { packed: Float64Array.of(0xfedcba98 | 0, 0x76543210), scale: Float64Array.of(1, 0.5), y: new Float64Array(16) };
    const { y } = await run(dequantizeInt4, { io, dims: { blocks: 2, words: 1, lanes: 8 }, uniforms: { zero: 8 } });
    expect([...y!], name).toEqual([0, 1, 2, 3, 4, 5, 6, 7, -4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5]);
  }
});

import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { dequantizeNf4 } from './dequantize-nf4.ts';

/** Words of 24 bits, low or high, since checkKernel hands them through 32-bit floats. */
const packed = (random: () => number, length: number): number[] => Array.from({ length }, (_, i) => Math.floor(random() * 2 ** 24) << (i % 2 === 0 ? 0 : 8));
const cases = [[0, 8], [1, 1], [3, 1], [5, 8], [7, 13], [257, 8]].map(([blocks, words]) => ({ dims: { blocks: blocks!, words: words! }, inputs: { packed } }));

test('dequantizeNf4 equals its definition', async () => {
  const ran = await checkKernel(dequantizeNf4, { cases, tolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('the 16 codes are the 16 levels, in order, −1, 0 and 1 among them, on every device', async () => {
  for (const { run, name } of await checkDevices()) {
    const io = { packed: Float64Array.of(0x76543210, 0xfedcba98 | 0), scale: Float64Array.of(1, 2), y: new Float64Array(16) };
    const { y } = await run(dequantizeNf4, { io, dims: { blocks: 2, words: 1, lanes: 8 }, uniforms: {} });
    const levels = [...y!].map((value, i) => (i < 8 ? value : value / 2));
    expect(levels[0], name).toBe(-1);
    expect(levels[7], name).toBe(0);
    expect(levels[15], name).toBe(1);
    expect([...levels].sort((a, b) => a - b), name).toEqual(levels);
    expect(levels[8]!, name).toBeCloseTo(0.0796, 4);
  }
});

import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { dequantizeBf16, dequantizeF16 } from './dequantize-half.ts';
import { dequantizeBf16Reference, dequantizeF16Reference } from './reference.ts';

/** Words of 24 bits, low or high, since checkKernel hands them through 32-bit floats; neither half of them infinite. */
const packed = (random: () => number, length: number): number[] => Array.from({ length }, (_, i) => (Math.floor(random() * 2 ** 24) << (i % 2 === 0 ? 0 : 8)) & 0x3fff3fff);
const cases = [0, 1, 3, 4, 5, 257, 70_001].map((words) => ({ dims: { words }, inputs: { packed } }));

test.each([dequantizeF16, dequantizeBf16])('$name equals its definition', async (kernel) => {
  const ran = await checkKernel(kernel, { cases, tolerance: 0 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test.each([['f16', dequantizeF16, dequantizeF16Reference], ['bf16', dequantizeBf16, dequantizeBf16Reference]] as const)('all 65,536 of %s, on every device', async (name, kernel, reference) => {
  const every = Float64Array.from({ length: 32_768 }, (_, i) => (2 * i) | ((2 * i + 1) << 16));
  const expected = new Float64Array(65_536);
  reference({ packed: every, y: expected });
  if (name === 'f16') expect([0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00].map((code) => expected[code])).toEqual([1, -2, 2 ** -24, 65504, -Infinity]);
  for (const { run, name: device } of await checkDevices()) {
    const { y } = await run(kernel, { io: { packed: every, y: new Float64Array(65_536) }, dims: { words: 32_768, lanes: 2 }, uniforms: {} });
    // Numbers below the normal ones of 32 bits may be 0 on a graphics card.
    expect(y!.findIndex((value, i) => !Object.is(value, expected[i]) && !(value === 0 && Math.abs(expected[i]!) < 2 ** -126)), device).toBe(-1);
  }
});

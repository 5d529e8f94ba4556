import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel, seededRandom } from '../check-kernel.ts';
import { dequantizeHeads, quantizeHeads } from './head-codes.ts';
import { headBlock, headWords } from './layout.ts';
import { dequantizeHeadsReference, quantizeHeadsReference } from './reference.ts';

const SIZES = [[0, 32], [1, 8], [3, 24], [5, 32], [7, 64], [2, 96], [33, 40], [300, 8]] as const;

/** Values that are whole numbers of the steps which the largest of their block makes: what is rounded is certain, and some blocks are zeros. */
function steps(bits: number, width: number) {
  return (random: () => number, length: number): Float64Array => {
    const x = new Float64Array(length), block = headBlock(width);
    for (let from = 0; from < length; from += block) {
      const step = random() < 0.2 ? 0 : 2 ** -Math.floor(1 + 4 * random()), most = bits === 8 ? 127 : 7;
      for (let i = from; i < from + block; i++) x[i] = step * (Math.floor(random() * (2 * most + 1)) - most);
      x[from + Math.floor(random() * block)] = step * (bits === 8 ? 127 : random() < 0.5 ? 8 : -8);
    }
    return x;
  };
}

test('codes and scales in words', async () => {
  const cases = [8, 4].flatMap((bits) => SIZES.map(([rows, width]) => ({ dims: { rows, width }, uniforms: { bits }, inputs: { x: steps(bits, width) } })));
  const ran = await checkKernel(quantizeHeads, { cases, tolerance: 1e-9, gpuTolerance: 1e-8 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('words of codes and scales as values again', async () => {
  const cases = [8, 4].flatMap((bits) => SIZES.map(([rows, width]) => ({
    dims: { rows, width }, uniforms: { bits },
    inputs: {
      x: (random: () => number) => {
        const words = headWords(width, bits);
        const y = new Float64Array(rows * words);
        quantizeHeadsReference({ x: Float64Array.from({ length: rows * width }, () => Math.fround(random() - 0.5)), y }, { rows, width, words }, { bits });
        return y;
      },
    },
  })));
  const ran = await checkKernel(dequantizeHeads, { cases, tolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('any value comes back within half a step, zeros as zeros', async () => {
  for (const { run, name } of await checkDevices()) {
    for (const bits of [8, 4]) {
      const [rows, width] = [9, 64], words = headWords(width, bits), random = seededRandom(bits);
      const x = Float64Array.from({ length: rows * width }, (_, i) => (i < width ? 0 : Math.fround((random() - 0.5) * (i % 50 === 0 ? 100 : 1))));
      const { y } = await run(quantizeHeads, { io: { x, y: new Float64Array(rows * words) }, dims: { rows, width, words }, uniforms: { bits } });
      const back = new Float64Array(rows * width);
      dequantizeHeadsReference({ x: Float64Array.from(y!), y: back }, { rows, width, words }, { bits });
      back.forEach((value, i) => {
        const from = Math.floor(i / 32) * 32, most = Math.max(...x.subarray(from, from + 32).map(Math.abs));
        // A code of 16, which there is not, is cut to 15: a value opposite the largest may lose a whole step.
        expect(Math.abs(value - x[i]!), `${name}, ${bits} bits, ${i}`).toBeLessThanOrEqual(most * (bits === 8 ? 0.5001 / 127 : 1.0001 / 8));
      });
    }
  }
});

test('widths that do not fill words are refused', () => {
  expect(() => headWords(12, 4)).toThrow('a multiple of 8, for 4 bits, but found 12');
  expect(headWords(12, 8)).toBe(4);
  expect(headWords(64, 4)).toBe(10);
});

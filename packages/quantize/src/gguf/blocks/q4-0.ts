import { type BlockCodec, inverse, meanSquare, weigh } from './codec.ts';
import { fitScale } from './fit-scale.ts';
import { halves, toHalf } from './half.ts';

const f = Math.fround;
const codes = new Uint8Array(32);
const block = new Float32Array(32);
const weights = new Float32Array(32);

/**
 * Q4_0: 32 values in 18 bytes, a half float d and 16 bytes whose low halves are the first 16 values.
 *
 *   d = x_max / −8 with x_max the value of the largest magnitude;  q = min(15, trunc(x / d + 8.5));  x ≈ d · (q − 8)
 *
 * With importance, d is fitted with weights importance · √(mean square of the row + x²).
 */
export const q4_0: BlockCodec = {
  quantize(row, out, importance) {
    const sigma2 = importance === undefined ? 0 : meanSquare(row, 0, row.length);
    for (let begin = 0, at = 0; begin < row.length; begin += 32, at += 18) {
      let d: number;
      if (importance === undefined) d = plain(row, begin);
      else {
        weigh(weights, row, { importance, begin, count: 32, sigma2 });
        block.set(row.subarray(begin, begin + 32));
        d = fitScale(block, codes, { begin: 0, count: 32, levels: 8, weights });
      }
      const half = toHalf(d);
      out[at] = half;
      out[at + 1] = half >>> 8;
      for (let i = 0; i < 16; i++) out[at + 2 + i] = codes[i]! | (codes[i + 16]! << 4);
    }
  },
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += 32, at += 18) {
      const d = half[blocks[at]! | (blocks[at + 1]! << 8)]!;
      for (let i = 0; i < 16; i++) {
        const byte = blocks[at + 2 + i]!;
        out[to + i] = d * ((byte & 15) - 8);
        out[to + 16 + i] = d * ((byte >>> 4) - 8);
      }
    }
  },
};

function plain(row: Float32Array, begin: number): number {
  let largest = 0;
  let max = 0;
  for (let i = begin; i < begin + 32; i++) {
    const size = Math.abs(row[i]!);
    if (size > largest) {
      largest = size;
      max = row[i]!;
    }
  }
  const d = max / -8;
  const id = inverse(d);
  for (let i = 0; i < 32; i++) {
    const level = f(f(row[begin + i]! * id) + 8.5);
    codes[i] = level >= 16 ? 15 : level;
  }
  return d;
}

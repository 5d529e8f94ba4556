import { type BlockCodec, meanSquare } from './codec.ts';
import { halves, toHalf } from './half.ts';
import { rangeOf } from './q4-1.ts';
import { packFive, unpackFive } from './q5-0.ts';

const f = Math.fround;
const codes = new Uint8Array(32);

/**
 * Q5_1: 32 values in 24 bytes, half floats d and m, the fifth bits, and 16 bytes whose low halves are the first 16 values.
 *
 *   m = min x, d = (max x − min x) / 31;  q = trunc((x − m) / d + 0.5);  x ≈ d · q + m
 *
 * With importance, d and m ≤ 0 are fitted with weights importance · √(mean square of the row + x²).
 */
export const q5_1: BlockCodec = {
  quantize(row, out, importance) {
    const sigma2 = importance === undefined ? 0 : meanSquare(row, 0, row.length);
    for (let begin = 0, at = 0; begin < row.length; begin += 32, at += 24) {
      const { d, min } = rangeOf(row, codes, { begin, levels: 31, importance, sigma2 });
      const half = toHalf(d);
      const low = toHalf(min);
      out[at] = half;
      out[at + 1] = half >>> 8;
      out[at + 2] = low;
      out[at + 3] = low >>> 8;
      packFive(codes, out, at + 4);
    }
  },
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += 32, at += 24) {
      const d = half[blocks[at]! | (blocks[at + 1]! << 8)]!;
      const m = half[blocks[at + 2]! | (blocks[at + 3]! << 8)]!;
      unpackFive(blocks, at + 4, codes);
      for (let i = 0; i < 32; i++) out[to + i] = f(d * codes[i]!) + m;
    }
  },
};

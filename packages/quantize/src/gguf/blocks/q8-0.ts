import { type BlockCodec, inverse } from './codec.ts';
import { halves, toHalf } from './half.ts';

const f = Math.fround;

/**
 * Q8_0: 32 values in 34 bytes, a half float d and 32 signed bytes. Importance changes nothing.
 *
 *   d = max |x| / 127;  q = round(x / d), halves away from zero;  x ≈ d · q
 */
export const q8_0: BlockCodec = {
  quantize(row, out) {
    for (let begin = 0, at = 0; begin < row.length; begin += 32, at += 34) {
      let largest = 0;
      for (let i = begin; i < begin + 32; i++) {
        const size = Math.abs(row[i]!);
        if (size > largest) largest = size;
      }
      const d = f(largest / 127);
      const id = inverse(d);
      const half = toHalf(d);
      out[at] = half;
      out[at + 1] = half >>> 8;
      for (let i = 0; i < 32; i++) {
        const level = f(row[begin + i]! * id);
        out[at + 2 + i] = level < 0 ? level - 0.5 : level + 0.5;
      }
    }
  },
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += 32, at += 34) {
      const d = half[blocks[at]! | (blocks[at + 1]! << 8)]!;
      for (let i = 0; i < 32; i++) out[to + i] = d * (blocks[at + 2 + i]! << 24 >> 24);
    }
  },
};

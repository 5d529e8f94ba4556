import { type BlockCodec, inverse, meanSquare, weigh } from './codec.ts';
import { fitScale } from './fit-scale.ts';
import { halves, toHalf } from './half.ts';

const f = Math.fround;
const codes = new Uint8Array(32);
const block = new Float32Array(32);
const weights = new Float32Array(32);

/** Writes 32 codes of five bits: the fifth bits in four bytes, then 16 bytes whose low halves are the first 16 values. */
export function packFive(codes: Uint8Array, out: Uint8Array, at: number): void {
  let fifth = 0;
  for (let i = 0; i < 16; i++) {
    const low = codes[i]!;
    const high = codes[i + 16]!;
    out[at + 4 + i] = (low & 15) | (high << 4);
    fifth |= ((low >>> 4) & 1) << i | ((high >>> 4) & 1) << (i + 16);
  }
  for (let i = 0; i < 4; i++) out[at + i] = fifth >>> (8 * i);
}

/** Reads what `packFive` wrote. */
export function unpackFive(blocks: Uint8Array, at: number, codes: Uint8Array): void {
  const fifth = blocks[at]! | (blocks[at + 1]! << 8) | (blocks[at + 2]! << 16) | (blocks[at + 3]! << 24);
  for (let i = 0; i < 16; i++) {
    const byte = blocks[at + 4 + i]!;
    codes[i] = (byte & 15) | (((fifth >>> i) & 1) << 4);
    codes[i + 16] = (byte >>> 4) | (((fifth >>> (i + 16)) & 1) << 4);
  }
}

/**
 * Q5_0: 32 values in 22 bytes, a half float d, the fifth bits, and 16 bytes whose low halves are the first 16 values.
 *
 *   d = x_max / −16 with x_max the value of the largest magnitude;  q = min(31, trunc(x / d + 16.5));  x ≈ d · (q − 16)
 *
 * With importance, d is fitted with weights importance · √(mean square of the row + x²).
 */
export const q5_0: BlockCodec = {
  quantize(row, out, importance) {
    const sigma2 = importance === undefined ? 0 : meanSquare(row, 0, row.length);
    for (let begin = 0, at = 0; begin < row.length; begin += 32, at += 22) {
      let d: number;
      if (importance === undefined) d = plain(row, begin);
      else {
        weigh(weights, row, { importance, begin, count: 32, sigma2 });
        block.set(row.subarray(begin, begin + 32));
        d = fitScale(block, codes, { begin: 0, count: 32, levels: 16, weights });
      }
      const half = toHalf(d);
      out[at] = half;
      out[at + 1] = half >>> 8;
      packFive(codes, out, at + 2);
    }
  },
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += 32, at += 22) {
      const d = half[blocks[at]! | (blocks[at + 1]! << 8)]!;
      unpackFive(blocks, at + 2, codes);
      for (let i = 0; i < 32; i++) out[to + i] = d * (codes[i]! - 16);
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
  const d = max / -16;
  const id = inverse(d);
  for (let i = 0; i < 32; i++) {
    const level = f(f(row[begin + i]! * id) + 16.5);
    codes[i] = level >= 32 ? 31 : level;
  }
  return d;
}

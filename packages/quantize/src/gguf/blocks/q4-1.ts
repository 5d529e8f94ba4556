import { type BlockCodec, inverse, meanSquare, weigh } from './codec.ts';
import { fitScaleMin, WEIGHTED_TRIALS } from './fit-scale-min.ts';
import { halves, toHalf } from './half.ts';

const f = Math.fround;
const codes = new Uint8Array(32);
const block = new Float32Array(32);
const weights = new Float32Array(32);
const scales = new Float32Array(1);
const mins = new Float32Array(1);

/** The scale and the lower end of 32 values with `levels` steps; `codes` receives the levels. */
export function rangeOf(row: Float32Array, codes: Uint8Array, { begin, levels, importance, sigma2 }: { begin: number; levels: number; importance: Float32Array | undefined; sigma2: number }): { d: number; min: number } {
  if (importance !== undefined) {
    weigh(weights, row, { importance, begin, count: 32, sigma2 });
    block.set(row.subarray(begin, begin + 32));
    fitScaleMin(block, codes, { begin: 0, count: 32, levels, weights, trials: WEIGHTED_TRIALS, scales, mins, index: 0 });
    return { d: scales[0]!, min: -mins[0]! };
  }
  let min = Infinity;
  let max = -Infinity;
  for (let i = begin; i < begin + 32; i++) {
    const value = row[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const d = f(f(max - min) / levels);
  const id = inverse(d);
  for (let i = 0; i < 32; i++) {
    const level = f(f(f(row[begin + i]! - min) * id) + 0.5);
    codes[i] = level >= levels ? levels : level;
  }
  return { d, min };
}

/**
 * Q4_1: 32 values in 20 bytes, half floats d and m and 16 bytes whose low halves are the first 16 values.
 *
 *   m = min x, d = (max x − min x) / 15;  q = trunc((x − m) / d + 0.5);  x ≈ d · q + m
 *
 * With importance, d and m ≤ 0 are fitted with weights importance · √(mean square of the row + x²).
 */
export const q4_1: BlockCodec = {
  quantize(row, out, importance) {
    const sigma2 = importance === undefined ? 0 : meanSquare(row, 0, row.length);
    for (let begin = 0, at = 0; begin < row.length; begin += 32, at += 20) {
      const { d, min } = rangeOf(row, codes, { begin, levels: 15, importance, sigma2 });
      const half = toHalf(d);
      const low = toHalf(min);
      out[at] = half;
      out[at + 1] = half >>> 8;
      out[at + 2] = low;
      out[at + 3] = low >>> 8;
      for (let i = 0; i < 16; i++) out[at + 4 + i] = codes[i]! | (codes[i + 16]! << 4);
    }
  },
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += 32, at += 20) {
      const d = half[blocks[at]! | (blocks[at + 1]! << 8)]!;
      const m = half[blocks[at + 2]! | (blocks[at + 3]! << 8)]!;
      for (let i = 0; i < 16; i++) {
        const byte = blocks[at + 4 + i]!;
        out[to + i] = f(d * (byte & 15)) + m;
        out[to + 16 + i] = f(d * (byte >>> 4)) + m;
      }
    }
  },
};

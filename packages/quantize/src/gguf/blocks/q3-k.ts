import { type BlockCodec, weigh } from './codec.ts';
import { fitLevelByLevel } from './fit-level-by-level.ts';
import { fitScale } from './fit-scale.ts';
import { halves, toHalf } from './half.ts';
import { packTwoBits, unpackTwoBits } from './pack-bits.ts';
import { nearest, putHalf, SUPER } from './super-block.ts';

const f = Math.fround;
const codes = new Uint8Array(SUPER);
const scales = new Float32Array(16);
const sums = new Float32Array(16);
const weights = new Float32Array(16);
/** Of six bits, 32 for a scale of zero. */
const scaleCodes = new Uint8Array(16);

/** Scales of sub-blocks in `scaleCodes`, codes in `codes`; returns the half float of the scales. */
function fitPlain(values: Float32Array): number {
  let largest = 0;
  let at = 0;
  for (let j = 0; j < 16; j++) {
    const scale = f(fitLevelByLevel(values, codes, { begin: 16 * j, count: 16, levels: 4 }));
    scales[j] = scale;
    if (Math.abs(scale) > largest) {
      largest = Math.abs(scale);
      at = scale;
    }
  }
  if (at === 0) {
    // Scales of zero as bytes of zero: −32 once they are read, under a common scale of zero.
    scaleCodes.fill(0);
    return 0;
  }
  const inverse = f(-32 / at);
  for (let j = 0; j < 16; j++) scaleCodes[j] = nearest(f(inverse * scales[j]!), -32, 31) + 32;
  return toHalf(f(1 / inverse));
}

function fitWeighted(values: Float32Array, row: Float32Array, { begin, importance }: { begin: number; importance: Float32Array }): number {
  let sigma2 = 0;
  for (let i = 0; i < SUPER; i++) sigma2 = f(sigma2 + f(values[i]! * values[i]!));
  sigma2 = f(f(2 * sigma2) / SUPER);
  for (let j = 0; j < 16; j++) {
    weigh(weights, row, { importance, begin: begin + 16 * j, count: 16, sigma2 });
    let total = 0;
    for (let i = 0; i < 16; i++) total = f(total + weights[i]!);
    sums[j] = total;
    scales[j] = fitScale(values, codes, { begin: 16 * j, count: 16, levels: 4, weights });
  }
  return toHalf(fitScale(scales, scaleCodes, { begin: 0, count: 16, levels: 32, weights: sums }));
}

/** Sixteen scales of six bits in twelve bytes. */
function packScales(out: Uint8Array, at: number): void {
  for (let j = 0; j < 8; j++) out[at + j] = (scaleCodes[j]! & 15) | (scaleCodes[j + 8]! << 4);
  for (let j = 0; j < 4; j++) {
    out[at + 8 + j] = scaleCodes[j]! >>> 4 | scaleCodes[j + 4]! >>> 4 << 2 | scaleCodes[j + 8]! >>> 4 << 4 | scaleCodes[j + 12]! >>> 4 << 6;
  }
}

/** Reads what `packScales` wrote. */
function unpackScales(blocks: Uint8Array, at: number): void {
  for (let j = 0; j < 16; j++) {
    const low = j < 8 ? blocks[at + j]! & 15 : blocks[at + j - 8]! >>> 4;
    scaleCodes[j] = low | ((blocks[at + 8 + (j & 3)]! >>> (2 * (j >> 2))) & 3) << 4;
  }
}

/**
 * Q3_K: 256 values in 110 bytes: 32 bytes of third bits, 64 bytes of two-bit codes, 16 scales of six bits in 12 bytes, a half float d.
 *
 *   x ≈ d · (scale − 32) · (q − 4),  q = 0 … 7 for each 16 values
 */
export const q3_K: BlockCodec = {
  quantize(row, out, importance) {
    const half = halves();
    for (let begin = 0, at = 0; begin < row.length; begin += SUPER, at += 110) {
      const values = row.subarray(begin, begin + SUPER);
      const scale = importance === undefined ? fitPlain(values) : fitWeighted(values, row, { begin, importance });
      for (let j = 0; j < 16; j++) {
        const d = f(half[scale]! * (scaleCodes[j]! - 32));
        if (d === 0) continue;
        for (let i = 16 * j; i < 16 * (j + 1); i++) codes[i] = nearest(f(values[i]! / d), -4, 3) + 4;
      }
      for (let m = 0; m < 32; m++) {
        let bits = 0;
        for (let k = 0; k < 8; k++) bits |= (codes[m + 32 * k]! >>> 2) << k;
        out[at + m] = bits;
      }
      packTwoBits(codes, out, at + 32);
      packScales(out, at + 96);
      putHalf(out, at + 108, scale);
    }
  },
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += SUPER, at += 110) {
      const d = half[blocks[at + 108]! | (blocks[at + 109]! << 8)]!;
      unpackTwoBits(blocks, at + 32, codes);
      unpackScales(blocks, at + 96);
      for (let i = 0; i < SUPER; i++) {
        const third = (blocks[at + (i & 31)]! >>> (i >> 5)) & 1;
        out[to + i] = f(d * (scaleCodes[i >> 4]! - 32)) * (codes[i]! - (third === 1 ? 0 : 4));
      }
    }
  },
};

import type { BlockCodec } from './codec.ts';
import { fitScale, ZERO_BELOW } from './fit-scale.ts';
import { halves, toHalf } from './half.ts';
import { nearest, putHalf, SUPER } from './super-block.ts';

const f = Math.fround;
const codes = new Uint8Array(SUPER);
const scales = new Float32Array(16);
const scaleCodes = new Int8Array(16);

/**
 * Q6_K: 256 values in 210 bytes: 128 bytes of the low four bits, 64 bytes of the high two, 16 signed scales, a half float d.
 *
 *   x ≈ d · scale · (q − 32),  q = 0 … 63 for each 16 values
 *
 * Importance is taken as the weights of the values; without it they weigh x².
 */
export const q6_K: BlockCodec = {
  quantize(row, out, importance) {
    const half = halves();
    for (let begin = 0, at = 0; begin < row.length; begin += SUPER, at += 210) {
      const values = row.subarray(begin, begin + SUPER);
      for (let j = 0; j < 16; j++) {
        const weights = importance?.subarray(begin + 16 * j, begin + 16 * (j + 1));
        scales[j] = fitScale(values, codes, { begin: 16 * j, count: 16, levels: 32, weights });
      }
      const scale = signedScales(scales, scaleCodes);
      if (scale === undefined) {
        out.fill(0, at, at + 210);
        continue;
      }
      for (let j = 0; j < 16; j++) {
        const d = f(half[scale]! * scaleCodes[j]!);
        if (d === 0) continue;
        for (let i = 16 * j; i < 16 * (j + 1); i++) codes[i] = nearest(f(values[i]! / d), -32, 31) + 32;
      }
      packQ6(out, at, { codes, scaleCodes, scale });
    }
  },
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += SUPER, at += 210) {
      const d = half[blocks[at + 208]! | (blocks[at + 209]! << 8)]!;
      for (let i = 0; i < SUPER; i++) {
        // Within each 128: four runs of 32, two of them in the low halves of bytes.
        const [part, run, j] = [i >> 7, (i >> 5) & 3, i & 31];
        const low = (blocks[at + 64 * part + (run & 1) * 32 + j]! >>> (run >> 1) * 4) & 15;
        const high = (blocks[at + 128 + 32 * part + j]! >>> (2 * run)) & 3;
        out[to + i] = f(d * (blocks[at + 192 + (i >> 4)]! << 24 >> 24)) * ((low | (high << 4)) - 32);
      }
    }
  },
};

/** Sixteen scales as signed bytes times a half float, which is returned; undefined where all are next to nothing. */
export function signedScales(scales: Float32Array, codes: Int8Array): number | undefined {
  let largest = 0;
  let at = 0;
  for (let j = 0; j < 16; j++) {
    if (Math.abs(scales[j]!) > largest) {
      largest = Math.abs(scales[j]!);
      at = scales[j]!;
    }
  }
  if (largest < ZERO_BELOW) return undefined;
  const inverse = f(-128 / at);
  for (let j = 0; j < 16; j++) codes[j] = nearest(f(inverse * scales[j]!), -128, 127);
  return toHalf(f(1 / inverse));
}

/** Writes codes and scales, and the half float of the scales. */
export function packQ6(out: Uint8Array, at: number, { codes, scaleCodes, scale }: { codes: Uint8Array; scaleCodes: Int8Array; scale: number }): void {
  for (let part = 0; part < 2; part++) {
    for (let j = 0; j < 32; j++) {
      const i = 128 * part + j;
      const [a, b, c, d] = [codes[i]!, codes[i + 32]!, codes[i + 64]!, codes[i + 96]!];
      out[at + 64 * part + j] = (a & 15) | (c << 4);
      out[at + 64 * part + 32 + j] = (b & 15) | (d << 4);
      out[at + 128 + 32 * part + j] = a >>> 4 | b >>> 4 << 2 | c >>> 4 << 4 | d >>> 4 << 6;
    }
  }
  for (let j = 0; j < 16; j++) out[at + 192 + j] = scaleCodes[j]!;
  putHalf(out, at + 208, scale);
}

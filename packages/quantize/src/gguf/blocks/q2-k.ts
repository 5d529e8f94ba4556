import type { BlockCodec } from './codec.ts';
import { halves } from './half.ts';
import { packTwoBits, unpackTwoBits } from './pack-bits.ts';
import { fitted, putHalf, quantizeSuperBlocks, SUPER, type SuperType } from './super-block.ts';

const f = Math.fround;
const into = fitted();

/** How Q2_K is fitted and written. */
export const Q2_K_TYPE: SuperType = {
  size: 16, levels: 3, scaleLevels: 15, trials: { first: -0.5, delta: f(0.1), steps: 15, absolute: true }, sigmaFactor: 1, bytes: 84,
  plainWeights(weights, row, begin) {
    for (let i = 0; i < 16; i++) weights[i] = Math.abs(row[begin + i]!);
  },
  pack({ codes, scaleCodes, minCodes, scale, min }, out, at) {
    for (let j = 0; j < 16; j++) out[at + j] = scaleCodes[j]! | (minCodes[j]! << 4);
    packTwoBits(codes, out, at + 16);
    putHalf(out, at + 80, scale);
    putHalf(out, at + 82, min);
  },
};

/**
 * Q2_K: 256 values in 84 bytes: 16 bytes with a scale and a lower end of four bits for each 16 values, 64 bytes of two-bit codes, half floats d and m.
 *
 *   x ≈ d · scale · q − m · min,  q = 0 … 3
 */
export const q2_K: BlockCodec = {
  quantize: (row, out, importance) => quantizeSuperBlocks(row, out, { type: Q2_K_TYPE, into, importance }),
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += SUPER, at += 84) {
      const d = half[blocks[at + 80]! | (blocks[at + 81]! << 8)]!;
      const m = half[blocks[at + 82]! | (blocks[at + 83]! << 8)]!;
      unpackTwoBits(blocks, at + 16, into.codes);
      for (let i = 0; i < SUPER; i++) {
        const both = blocks[at + (i >> 4)]!;
        out[to + i] = f(f(d * (both & 15)) * into.codes[i]!) - f(m * (both >>> 4));
      }
    }
  },
};

import type { BlockCodec } from './codec.ts';
import { halves } from './half.ts';
import { packSixBits, unpackSixBits } from './pack-bits.ts';
import { fitted, putHalf, quantizeSuperBlocks, spreadWeights, SUPER, type SuperType } from './super-block.ts';

const f = Math.fround;
const into = fitted();

/** How Q4_K is fitted and written. */
export const Q4_K_TYPE: SuperType = {
  size: 32, levels: 15, scaleLevels: 63, trials: { first: -1, delta: f(0.1), steps: 20, absolute: false }, plainWeights: spreadWeights, sigmaFactor: 2, bytes: 144,
  pack(found, out, at) {
    const { codes } = found;
    putHalf(out, at, found.scale);
    putHalf(out, at + 2, found.min);
    packSixBits(found, out, at + 4);
    for (let j = 0; j < 128; j++) {
      const i = (j >> 5) * 64 + (j & 31);
      out[at + 16 + j] = codes[i]! | (codes[i + 32]! << 4);
    }
  },
};

/**
 * Q4_K: 256 values in 144 bytes: half floats d and m, a scale and a lower end of six bits for each 32 values in 12 bytes, 128 bytes of four-bit codes.
 *
 *   x ≈ d · scale · q − m · min,  q = 0 … 15
 */
export const q4_K: BlockCodec = {
  quantize: (row, out, importance) => quantizeSuperBlocks(row, out, { type: Q4_K_TYPE, into, importance }),
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += SUPER, at += 144) {
      const d = half[blocks[at]! | (blocks[at + 1]! << 8)]!;
      const m = half[blocks[at + 2]! | (blocks[at + 3]! << 8)]!;
      unpackSixBits(blocks, at + 4, into);
      for (let j = 0; j < 8; j++) {
        const scale = f(d * into.scaleCodes[j]!);
        const min = f(m * into.minCodes[j]!);
        const from = at + 16 + (j >> 1) * 32;
        const shift = (j & 1) * 4;
        for (let i = 0; i < 32; i++) out[to + 32 * j + i] = f(scale * ((blocks[from + i]! >>> shift) & 15)) - min;
      }
    }
  },
};

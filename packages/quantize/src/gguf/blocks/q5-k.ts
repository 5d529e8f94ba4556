import type { BlockCodec } from './codec.ts';
import { halves } from './half.ts';
import { packSixBits, unpackSixBits } from './pack-bits.ts';
import { fitted, putHalf, quantizeSuperBlocks, spreadWeights, SUPER, type SuperType } from './super-block.ts';

const f = Math.fround;
const into = fitted();

/** How Q5_K is fitted and written. */
export const Q5_K_TYPE: SuperType = {
  size: 32, levels: 31, scaleLevels: 63, trials: { first: -0.5, delta: f(0.1), steps: 15, absolute: false }, plainWeights: spreadWeights, sigmaFactor: 2, bytes: 176,
  pack(found, out, at) {
    const { codes } = found;
    putHalf(out, at, found.scale);
    putHalf(out, at + 2, found.min);
    packSixBits(found, out, at + 4);
    for (let j = 0; j < 32; j++) {
      let bits = 0;
      for (let k = 0; k < 8; k++) bits |= (codes[32 * k + j]! >>> 4) << k;
      out[at + 16 + j] = bits;
    }
    for (let j = 0; j < 128; j++) {
      const i = (j >> 5) * 64 + (j & 31);
      out[at + 48 + j] = (codes[i]! & 15) | (codes[i + 32]! << 4);
    }
  },
};

/**
 * Q5_K: 256 values in 176 bytes: as Q4_K, with 32 bytes of fifth bits before the four-bit codes.
 *
 *   x ≈ d · scale · q − m · min,  q = 0 … 31
 */
export const q5_K: BlockCodec = {
  quantize: (row, out, importance) => quantizeSuperBlocks(row, out, { type: Q5_K_TYPE, into, importance }),
  dequantize(blocks, out) {
    const half = halves();
    for (let to = 0, at = 0; to < out.length; to += SUPER, at += 176) {
      const d = half[blocks[at]! | (blocks[at + 1]! << 8)]!;
      const m = half[blocks[at + 2]! | (blocks[at + 3]! << 8)]!;
      unpackSixBits(blocks, at + 4, into);
      for (let j = 0; j < 8; j++) {
        const scale = f(d * into.scaleCodes[j]!);
        const min = f(m * into.minCodes[j]!);
        const from = at + 48 + (j >> 1) * 32;
        const shift = (j & 1) * 4;
        for (let i = 0; i < 32; i++) {
          const code = ((blocks[from + i]! >>> shift) & 15) | ((blocks[at + 16 + i]! >>> j) & 1) << 4;
          out[to + 32 * j + i] = f(scale * code) - min;
        }
      }
    }
  },
};

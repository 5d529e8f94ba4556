import type { Sizes } from '../kernel.ts';
import { headBlock } from './layout.ts';

const floats = new Float32Array(1);
const bitsOf = new Int32Array(floats.buffer);

interface Io { readonly x: Float64Array; readonly y: Float64Array }

/** Codes of each row in words, then the scales of its blocks by their bits. */
export function quantizeHeadsReference({ x, y }: Io, { rows = 0, width = 0, words = 0 }: Sizes, { bits }: { readonly bits: number }): void {
  const block = headBlock(width), lanes = 32 / bits;
  y.fill(0);
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < width / block; b++) {
      const values = x.subarray(row * width + b * block, row * width + (b + 1) * block);
      let far = 0;
      for (const value of values) if (Math.abs(value) > Math.abs(far)) far = value;
      const scale = bits === 8 ? Math.abs(far) / 127 : far / -8;
      values.forEach((value, i) => {
        const steps = far === 0 ? 0 : value / scale;
        const code = bits === 8 ? Math.round(steps) & 255 : Math.min(15, Math.floor(steps + 8.5));
        const at = b * block + i, word = row * words + Math.floor(at / lanes);
        y[word] = y[word]! | (code << (bits * (at % lanes)));
      });
      floats[0] = scale;
      y[row * words + width / lanes + b] = bitsOf[0]!;
    }
  }
}

/** The values of words of codes and scales. */
export function dequantizeHeadsReference({ x, y }: Io, { rows = 0, width = 0, words = 0 }: Sizes, { bits }: { readonly bits: number }): void {
  const block = headBlock(width), lanes = 32 / bits;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      bitsOf[0] = x[row * words + width / lanes + Math.floor(i / block)]!;
      const raised = x[row * words + Math.floor(i / lanes)]! << (32 - bits - bits * (i % lanes));
      y[row * width + i] = (bits === 8 ? raised >> 24 : (raised >>> 28) - 8) * floats[0]!;
    }
  }
}

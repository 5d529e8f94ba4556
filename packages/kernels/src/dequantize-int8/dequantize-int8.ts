import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable } from '../portable/portable.ts';

/** y = value · scale for blocks of signed bytes, four to a word with the lowest first, each block with a scale. */
export const dequantizeInt8: Kernel = portable('dequantizeInt8', (packed, scale, index) => (
  ((packed << (24 - 8 * (index & 3))) >> 24) * scale
), {
  inputs: { packed: { dims: ['blocks', 'words'], dtype: 'int32' }, scale: { dims: ['blocks'] } },
  output: { y: { dims: ['blocks', 'words', 'lanes'] } },
  sizes: { lanes: 4 },
  index: true,
  compiled: compiled.dequantizeInt8,
});

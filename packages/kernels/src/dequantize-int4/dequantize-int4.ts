import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable } from '../portable/portable.ts';

/** y = (value − zero) · scale for blocks of four-bit values, eight to a word with the lowest first, each block with a scale. */
export const dequantizeInt4: Kernel = portable('dequantizeInt4', (packed, scale, zero, index) => (
  (((packed >>> (4 * (index & 7))) & 15) - zero) * scale
), {
  inputs: { packed: { dims: ['blocks', 'words'], dtype: 'int32' }, scale: { dims: ['blocks'] } },
  output: { y: { dims: ['blocks', 'words', 'lanes'] } },
  sizes: { lanes: 8 },
  uniforms: { zero: 8 },
  index: true,
  compiled: compiled.dequantizeInt4,
});

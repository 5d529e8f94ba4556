import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable } from '../portable/portable.ts';

/**
 * y = level(code) · scale for blocks of four-bit codes, eight to a word with the lowest first, each block with a scale. The 16
 * levels are the NormalFloat ones: quantiles of a standard normal between −1 and 1, with an exact 0.
 */
export const dequantizeNf4: Kernel = portable('dequantizeNf4', (packed, scale, index) => {
  const code = (packed >>> (4 * (index & 7))) & 15;
  const low = code < 4
    ? (code < 2 ? (code < 1 ? -1 : -0.6961928009986877) : (code < 3 ? -0.5250730514526367 : -0.39491748809814453))
    : (code < 6 ? (code < 5 ? -0.28444138169288635 : -0.18477343022823334) : (code < 7 ? -0.09105003625154495 : 0));
  const high = code < 12
    ? (code < 10 ? (code < 9 ? 0.07958029955625534 : 0.16093020141124725) : (code < 11 ? 0.24611230194568634 : 0.33791524171829224))
    : (code < 14 ? (code < 13 ? 0.44070982933044434 : 0.5626170039176941) : (code < 15 ? 0.7229568362236023 : 1));
  return (code < 8 ? low : high) * scale;
}, {
  inputs: { packed: { dims: ['blocks', 'words'], dtype: 'int32' }, scale: { dims: ['blocks'] } },
  output: { y: { dims: ['blocks', 'words', 'lanes'] } },
  sizes: { lanes: 8 },
  index: true,
  compiled: compiled.dequantizeNf4,
  paper: 'https://arxiv.org/abs/2305.14314',
});

import { blockFormat } from './blocks.ts';
import type { QuantizedFormat } from './format.ts';

/**
 * Signed bytes with a scale for each block of `blockSize` values (default 64), four to a word with the first in the lowest bits.
 *
 *   scale = max |w| / 127;  code = round(w / scale);  w ≈ code · scale
 *
 * `asymmetric` (default false) spans each block from its least to its greatest value, with an offset for it:
 *
 *   scale = (max − min) / 255;  code = round((w − min) / scale) − 128;  offset = −(min + 128 · scale);  w ≈ code · scale − offset
 *
 * Dettmers et al. 2022, https://arxiv.org/abs/2208.07339
 */
export function int8({ blockSize = 64, asymmetric = false }: { blockSize?: number; asymmetric?: boolean } = {}): QuantizedFormat {
  return blockFormat('int8', { bits: 8, blockSize, asymmetric });
}

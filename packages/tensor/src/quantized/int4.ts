import { blockFormat } from './blocks.ts';
import type { QuantizedFormat } from './format.ts';

/**
 * Four-bit numbers with a scale for each block of `blockSize` values (default 32), eight to a word with the first in the lowest bits.
 *
 *   scale = max |w| / 7;  code = round(w / scale) + 8;  w ≈ (code − 8) · scale
 *
 * `asymmetric` (default false) spans each block from its least to its greatest value, with an offset for it:
 *
 *   scale = (max − min) / 15;  code = round((w − min) / scale);  offset = −min;  w ≈ code · scale − offset
 *
 * Dettmers and Zettlemoyer 2022, https://arxiv.org/abs/2212.09720
 */
export function int4({ blockSize = 32, asymmetric = false }: { blockSize?: number; asymmetric?: boolean } = {}): QuantizedFormat {
  return blockFormat('int4', { bits: 4, blockSize, asymmetric });
}

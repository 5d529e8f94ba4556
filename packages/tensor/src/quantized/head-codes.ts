import { headWords, quantizeHeads } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';

/**
 * Keys or values of heads in few bits, as a cache keeps them and `attention` reads them: codes in words, then the scales of their blocks of 32
 * values (of the whole head where its width is no multiple).
 *
 *   8 bits: scale = max |x| / 127, x ≈ code · scale       4 bits: scale = −x / 8 of the x that is largest in magnitude, x ≈ (code − 8) · scale
 *
 * x [..., width] → int32 [..., words], 9/32 or 5/32 of the width where that is a multiple of 32. These are q8_0 and q4_0 of
 * https://github.com/ggml-org/llama.cpp, with scales in float32.
 *
 * @throws RangeError for other bits, and for widths whose codes do not fill whole words.
 *
 * @example
 * ```ts
 * import { attention, headCodes, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const keys = headCodes(tensor(new Float32Array(32).fill(2), [1, 1, 1, 32]), { bits: 8 });
 * const [y = 0] = attention(tensor(new Float32Array(32).fill(1), [1, 1, 1, 32]), keys, keys).dataSync();
 * if (keys.size !== 9 || Math.abs(y - 2) > 1e-6) throw new Error('nine words, and the value of the one key');
 * ```
 */
export function headCodes(x: Tensor, { bits }: { bits: 8 | 4 }): Tensor {
  if (bits !== 8 && bits !== 4) throw new RangeError(`headCodes: expected 8 or 4 bits but found ${String(bits)}.`);
  const width = x.shape.at(-1) ?? 0;
  const words = headWords(width, bits);
  return call(quantizeHeads, { inputs: { x }, dims: { rows: x.size / width, width }, uniforms: { bits }, outputs: { y: [...x.shape.slice(0, -1), words] } }).y;
}

/** The bits of codes that take so many words for a head of so many values; undefined where there are none such. */
export function bitsOfHead(words: number, width: number): 8 | 4 | undefined {
  return ([8, 4] as const).find((bits) => width > 0 && (width * bits) % 32 === 0 && headWords(width, bits) === words);
}

import { dequantizeInt4 } from '@llm/kernels';
import { slice, tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';
import { checkBlocks, largestOf, packWords, type QuantizedFormat } from './format.ts';

const ZERO = 8;

/**
 * Four-bit numbers from −7 to 7 with a scale for each block of `blockSize` values (default 32).
 *
 *   scale = max |w| / 7;  code = round(w / scale) + 8;  w ≈ (code − 8) · scale
 *
 * Dettmers and Zettlemoyer 2022, https://arxiv.org/abs/2212.09720
 */
export function int4({ blockSize = 32 }: { blockSize?: number } = {}): QuantizedFormat {
  const lanes = 8;
  return {
    name: 'int4',
    quantize(values) {
      checkBlocks('int4', values, { blockSize, lanes });
      const scale = largestOf(values, blockSize).map((largest) => largest / 7);
      const codes = Uint8Array.from(values, (value, i) => ZERO + (scale[Math.floor(i / blockSize)] === 0 ? 0 : Math.round(value / scale[Math.floor(i / blockSize)]!)));
      const words = packWords(codes, { blockSize, lanes, fill: ZERO });
      return { codes: tensor(words, [words.length], 'int32'), scale: tensor(scale) };
    },
    dequantize({ codes, scale }, count) {
      const dims = { blocks: scale!.size, words: blockSize / lanes, lanes };
      const { y } = call(dequantizeInt4, { inputs: { packed: codes, scale }, dims, uniforms: { zero: ZERO }, outputs: { y: [scale!.size * blockSize] } });
      return y.size === count ? y : slice(y, [0], [count]);
    },
  };
}

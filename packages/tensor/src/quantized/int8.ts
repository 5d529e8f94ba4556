import { dequantizeInt8 } from '@llm/kernels';
import { slice, tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';
import { checkBlocks, largestOf, packWords, type QuantizedFormat } from './format.ts';

/**
 * Signed bytes with a scale for each block of `blockSize` values (default 64).
 *
 *   scale = max |w| / 127;  code = round(w / scale);  w ≈ code · scale
 *
 * Dettmers et al. 2022, https://arxiv.org/abs/2208.07339
 */
export function int8({ blockSize = 64 }: { blockSize?: number } = {}): QuantizedFormat {
  const lanes = 4;
  return {
    name: 'int8',
    quantize(values) {
      checkBlocks('int8', values, { blockSize, lanes });
      const scale = largestOf(values, blockSize).map((largest) => largest / 127);
      const codes = Uint8Array.from(values, (value, i) => (scale[Math.floor(i / blockSize)] === 0 ? 0 : Math.round(value / scale[Math.floor(i / blockSize)]!)));
      const words = packWords(codes, { blockSize, lanes, fill: 0 });
      return { codes: tensor(words, [words.length], 'int32'), scale: tensor(scale) };
    },
    dequantize({ codes, scale }, count) {
      const dims = { blocks: scale!.size, words: blockSize / lanes, lanes };
      const { y } = call(dequantizeInt8, { inputs: { packed: codes, scale }, dims, outputs: { y: [scale!.size * blockSize] } });
      return y.size === count ? y : slice(y, [0], [count]);
    },
  };
}

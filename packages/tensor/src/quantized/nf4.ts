import { dequantizeInt8, dequantizeNf4 } from '@llm/kernels';
import { add, cast, mul, reshape, slice, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';
import { embed } from '../ops/embedding.ts';
import { checkBlocks, largestOf, packWords, type QuantizedFormat } from './format.ts';

/** The levels of the 4-bit NormalFloat, as the paper and bitsandbytes have them. */
const LEVELS = Float32Array.of(
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
);

/** How many scales share a scale of their own, and values to a byte-wide code of scales. */
const SCALES_PER_BLOCK = 256;

/** The place of the level nearest to a value among sorted ones; in the middle of two it is the lower. */
function nearest(levels: Float32Array, value: number): number {
  let [low, high] = [0, levels.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > Math.fround((levels[middle]! + levels[middle + 1]!) / 2)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 256 levels in [−1, 1], finer towards 0: for each power of ten the middles of 2ⁱ equal parts. Dettmers 2015, https://arxiv.org/abs/1511.04561 */
function dynamicLevels(): Float32Array {
  const levels = [0, 1];
  for (let i = 0; i < 7; i++) {
    const parts = 2 ** i;
    for (let part = 0; part < parts; part++) {
      const level = (0.1 + (0.9 * (part + 0.5)) / parts) * 10 ** (i - 6);
      levels.push(level, -level);
    }
  }
  return Float32Array.from(levels.sort((a, b) => a - b));
}

/**
 * NormalFloat of four bits with a scale for each block of 64, the levels being quantiles of a normal distribution.
 *
 *   scale = max |w|;  w ≈ level(code) · scale
 *
 * `doubleQuantized` (default false) stores the scales, less their mean, in 8 bits with one more scale for 256 of them: 4.13
 * bits a value instead of 4.5. Dettmers et al. 2023, https://arxiv.org/abs/2305.14314
 */
export function nf4({ blockSize = 64, doubleQuantized = false }: { blockSize?: number; doubleQuantized?: boolean } = {}): QuantizedFormat {
  const lanes = 8;
  return {
    name: 'nf4',
    quantize(values) {
      checkBlocks('nf4', values, { blockSize, lanes });
      const scale = largestOf(values, blockSize);
      const inverse = scale.map((largest) => 1 / largest);
      const codes = Uint8Array.from(values, (value, i) => {
        const block = Math.floor(i / blockSize);
        return scale[block] === 0 ? 7 : nearest(LEVELS, Math.fround(value * inverse[block]!));
      });
      const words = packWords(codes, { blockSize, lanes, fill: 7 });
      return { codes: tensor(words, [words.length], 'int32'), ...(doubleQuantized ? quantizeScales(scale) : { scale: tensor(scale) }) };
    },
    dequantize(tensors, count) {
      const { codes } = tensors;
      const blocks = (codes!.size * lanes) / blockSize;
      const scale = tensors['scale'] ?? dequantizeScales(tensors, blocks);
      const { y } = call(dequantizeNf4, { inputs: { packed: codes, scale }, dims: { blocks, words: blockSize / lanes, lanes }, outputs: { y: [blocks * blockSize] } });
      return y.size === count ? y : slice(y, [0], [count]);
    },
  };
}

function quantizeScales(scale: Float32Array): Record<string, Tensor> {
  const offset = Math.fround(scale.reduce((sum, value) => sum + value, 0) / Math.max(1, scale.length));
  const levels = dynamicLevels();
  const shifted = scale.map((value) => value - offset);
  const largest = largestOf(shifted, SCALES_PER_BLOCK);
  const codes = Uint8Array.from(shifted, (value, i) => {
    const most = largest[Math.floor(i / SCALES_PER_BLOCK)]!;
    return most === 0 ? levels.indexOf(0) : nearest(levels, Math.fround(value / most));
  });
  // As signed bytes, since that is what the kernel unpacks.
  const words = packWords(codes.map((code) => code - 128), { blockSize: SCALES_PER_BLOCK, lanes: 4, fill: 0 });
  return {
    scale_codes: tensor(words, [words.length], 'int32'), scale_scale: tensor(largest), scale_offset: tensor([offset]), scale_levels: tensor(levels, [256, 1]),
  };
}

function dequantizeScales({ scale_codes, scale_scale, scale_offset, scale_levels }: Readonly<Record<string, Tensor>>, count: number): Tensor {
  const blocks = scale_scale!.size;
  const dims = { blocks, words: SCALES_PER_BLOCK / 4, lanes: 4 };
  const { y } = call(dequantizeInt8, { inputs: { packed: scale_codes, scale: tensor(new Float32Array(blocks).fill(1)) }, dims, outputs: { y: [blocks, SCALES_PER_BLOCK] } });
  const values = reshape(embed(cast(add(y, 128), 'int32'), scale_levels!), [blocks, SCALES_PER_BLOCK]);
  const scales = add(mul(values, reshape(scale_scale!, [blocks, 1])), scale_offset!);
  return slice(reshape(scales, [blocks * SCALES_PER_BLOCK]), [0], [count]);
}

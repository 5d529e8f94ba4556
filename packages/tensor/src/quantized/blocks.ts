import { dequantizeInt4, dequantizeInt8 } from '@llm/kernels';
import { reshape, slice, sub, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';
import { type BlockLayout, checkBlocks, checkBlockSize, largestOf, packWords, type QuantizedFormat, rangeOf } from './format.ts';

/** Values as somebody else computed them: one code to each, and a scale, maybe an offset, to each block of a row. */
export interface QuantizedCodes {
  /** In int4 from 0 to 15, in int8 signed. */
  readonly codes: Uint8Array | Int8Array;
  readonly scale: Float32Array;
  readonly offset?: Float32Array | undefined;
}

/** A format whose values are (code − zero) · scale − offset. */
export function blockFormat(name: string, { bits, blockSize, asymmetric }: Omit<BlockLayout, 'zero'>): QuantizedFormat {
  const lanes = 32 / bits;
  checkBlockSize(name, { blockSize, lanes });
  const zero = bits === 4 && !asymmetric ? 8 : 0;
  const layout: BlockLayout = { bits, blockSize, asymmetric, zero };
  return {
    name,
    blocks: layout,
    quantize(values) {
      checkBlocks(name, values, { blockSize, lanes });
      return packCodes(layout, asymmetric ? betweenEnds(values, layout) : aroundZero(values, layout));
    },
    dequantize({ codes, scale, offset }, count) {
      const blocks = scale!.size;
      const { y } = call(bits === 4 ? dequantizeInt4 : dequantizeInt8, {
        inputs: { packed: codes, scale }, dims: { blocks, words: blockSize / lanes, lanes }, outputs: { y: [blocks, blockSize] }, ...(bits === 4 ? { uniforms: { zero } } : {}),
      });
      const values = reshape(offset === undefined ? y : sub(y, reshape(offset, [blocks, 1])), [blocks * blockSize]);
      return values.size === count ? values : slice(values, [0], [count]);
    },
  };
}

const codesFor = (bits: 4 | 8, count: number): Uint8Array | Int8Array => (bits === 4 ? new Uint8Array(count) : new Int8Array(count));

/** scale = max |w| / most; code = round(w / scale), from −7 to 7 or −127 to 127. */
function aroundZero(values: Float32Array, { bits, blockSize, zero }: BlockLayout): QuantizedCodes {
  const most = 2 ** (bits - 1) - 1;
  const scale = largestOf(values, blockSize).map((largest) => largest / most);
  const codes = codesFor(bits, values.length);
  values.forEach((value, i) => {
    const step = scale[Math.floor(i / blockSize)]!;
    // A step that vanishes in 32 bits stands for zeros.
    codes[i] = zero + (step === 0 ? 0 : Math.max(-most, Math.min(most, Math.round(value / step))));
  });
  return { codes, scale };
}

/** scale = (max − min) / (2^bits − 1); code = round((w − min) / scale); offset = −min, or −(min + 128 · scale) for signed bytes. */
function betweenEnds(values: Float32Array, { bits, blockSize }: BlockLayout): QuantizedCodes {
  const { least, most } = rangeOf(values, blockSize);
  const steps = 2 ** bits - 1, shift = bits === 8 ? 128 : 0;
  const scale = least.map((low, block) => (most[block]! - low) / steps);
  const codes = codesFor(bits, values.length);
  values.forEach((value, i) => {
    const block = Math.floor(i / blockSize), step = scale[block]!;
    codes[i] = (step === 0 ? 0 : Math.min(steps, Math.round((value - least[block]!) / step))) - shift;
  });
  return { codes, scale, offset: least.map((low, block) => -(low + shift * scale[block]!)) };
}

/** The tensors of a format for these codes. */
export function packCodes({ bits, blockSize, zero }: BlockLayout, { codes, scale, offset }: QuantizedCodes): Record<string, Tensor> {
  const words = packWords(codes, { blockSize, lanes: 32 / bits, fill: zero });
  return { codes: tensor(words, [words.length], 'int32'), scale: tensor(scale), ...(offset === undefined ? {} : { offset: tensor(offset) }) };
}

/** One code to a value again, from words. */
export function unpackCodes(words: Int32Array, { bits, count }: { bits: 4 | 8; count: number }): Uint8Array | Int8Array {
  if (bits === 8) return new Int8Array(words.buffer.slice(words.byteOffset, words.byteOffset + count));
  return Uint8Array.from({ length: count }, (_, i) => (words[i >> 3]! >>> (4 * (i & 7))) & 15);
}

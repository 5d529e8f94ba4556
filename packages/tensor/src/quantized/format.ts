import type { Tensor } from '@tensorflow/tfjs-core';

/** How values are made of codes: blocks along the rows, each with a scale and maybe an offset. */
export interface BlockLayout {
  readonly bits: 4 | 8;
  readonly blockSize: number;
  readonly asymmetric: boolean;
  /** What is taken from every code first: 8 where four bits have no offset. */
  readonly zero: number;
}

/** A way to store numbers in few bits: blocks of codes packed into int32 words, with a scale for each block. */
export interface QuantizedFormat {
  readonly name: string;
  /** Set where a value is (code − zero) · scale − offset, so that products can be made of the codes themselves. */
  readonly blocks?: BlockLayout;
  /** Tensors that stand for the values, in the order of their rows. */
  quantize(values: Float32Array): Record<string, Tensor>;
  /** The first `count` values again, float32 [count]; no gradient. */
  dequantize(tensors: Readonly<Record<string, Tensor>>, count: number): Tensor;
}

/** Throws unless the block fills whole words. */
export function checkBlockSize(name: string, { blockSize, lanes }: { blockSize: number; lanes: number }): void {
  if (!Number.isInteger(blockSize) || blockSize < lanes || blockSize % lanes !== 0) {
    throw new RangeError(`${name}: expected a block size that is a multiple of ${lanes} but found ${blockSize}.`);
  }
}

/** Throws unless the values are finite and the block fills whole words. */
export function checkBlocks(name: string, values: Float32Array, layout: { blockSize: number; lanes: number }): void {
  checkBlockSize(name, layout);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new RangeError(`${name}: expected finite values but found ${values[at]} at ${at}. Look for what broke the weights before they are quantized.`);
}

/** The largest magnitude of each block, in 32 bits; a last block may be shorter. */
export function largestOf(values: Float32Array, blockSize: number): Float32Array {
  const largest = new Float32Array(Math.ceil(values.length / blockSize));
  values.forEach((value, i) => {
    const block = Math.floor(i / blockSize);
    largest[block] = Math.max(largest[block]!, Math.abs(value));
  });
  return largest;
}

/** The smallest and the largest value of each block, in 32 bits; a last block may be shorter. */
export function rangeOf(values: Float32Array, blockSize: number): { least: Float32Array; most: Float32Array } {
  const blocks = Math.ceil(values.length / blockSize);
  const least = new Float32Array(blocks).fill(Infinity), most = new Float32Array(blocks).fill(-Infinity);
  values.forEach((value, i) => {
    const block = Math.floor(i / blockSize);
    least[block] = Math.min(least[block]!, value);
    most[block] = Math.max(most[block]!, value);
  });
  return { least, most };
}

/** Codes of 32 / lanes bits, 4 or 8, in words, the first in the lowest bits; what is missing in the last block is filled with `fill`. */
export function packWords(codes: ArrayLike<number>, { blockSize, lanes, fill }: { blockSize: number; lanes: number; fill: number }): Int32Array {
  const padded = Math.ceil(codes.length / blockSize) * blockSize;
  const bytes = new Uint8Array((padded * 4) / lanes);
  if (lanes === 4) {
    bytes.set(codes);
    bytes.fill(fill, codes.length);
  } else {
    for (let i = 0; i < bytes.length; i++) bytes[i] = (codes[2 * i] ?? fill) | ((codes[2 * i + 1] ?? fill) << 4);
  }
  return new Int32Array(bytes.buffer);
}

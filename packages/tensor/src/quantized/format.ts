import type { Tensor } from '@tensorflow/tfjs-core';

/** A way to store numbers in few bits: blocks of codes packed into int32 words, with a scale for each block. */
export interface QuantizedFormat {
  readonly name: string;
  /** Tensors that stand for the values, in the order of their rows. */
  quantize(values: Float32Array): Record<string, Tensor>;
  /** The first `count` values again, float32 [count]; no gradient. */
  dequantize(tensors: Readonly<Record<string, Tensor>>, count: number): Tensor;
}

/** Throws unless the values are finite and the block fills whole words. */
export function checkBlocks(name: string, values: Float32Array, { blockSize, lanes }: { blockSize: number; lanes: number }): void {
  if (!Number.isInteger(blockSize) || blockSize < lanes || blockSize % lanes !== 0) {
    throw new RangeError(`${name}: expected a block size that is a multiple of ${lanes} but found ${blockSize}.`);
  }
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

/** Codes of 32 / lanes bits in words, the first in the lowest bits; what is missing in the last block is filled with `fill`. */
export function packWords(codes: Uint8Array, { blockSize, lanes, fill }: { blockSize: number; lanes: number; fill: number }): Int32Array {
  const padded = Math.ceil(codes.length / blockSize) * blockSize;
  const bits = 32 / lanes;
  const words = new Int32Array(padded / lanes);
  for (let i = 0; i < padded; i++) words[Math.floor(i / lanes)]! |= (codes[i] ?? fill) << (bits * (i % lanes));
  return words;
}

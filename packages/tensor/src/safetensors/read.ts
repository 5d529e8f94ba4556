import type { Dtype } from './dtype.ts';
import { parseHeader } from './header.ts';

/** A tensor as it lies in a file: row-major little-endian bytes. */
export interface RawTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads a whole safetensors file; every `data` is a view on `bytes`, not a copy.
 *
 * Layout: u64 little-endian header length N ≤ 10⁸, N bytes of JSON `{name: {dtype, shape, data_offsets}}`, then the tensors
 * back to back, covering the rest of the file exactly.
 *
 * @throws SafetensorsError with a stable `code` for every rule of the format; nothing else, whatever the bytes.
 *
 * @example
 * ```ts
 * import { readSafetensors, toFloat32, writeSafetensors } from '@llm/tensor';
 * const file = writeSafetensors([['bias', { dtype: 'F32', shape: [2], data: new Float32Array([1, 2]) }]]);
 * const { tensors, metadata } = readSafetensors(file);
 * if (toFloat32(tensors.get('bias')!)[1] !== 2 || metadata.get('format') !== 'pt') throw new Error('round trip');
 * ```
 *
 * Format: https://huggingface.co/docs/safetensors
 */
export function readSafetensors(bytes: Uint8Array): { tensors: Map<string, RawTensor>; metadata: ReadonlyMap<string, string> } {
  const header = parseHeader(bytes);
  const tensors = new Map<string, RawTensor>();
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    tensors.set(name, { dtype, shape, data: bytes.subarray(header.dataStart + begin, header.dataStart + end) });
  }
  return { tensors, metadata: header.metadata };
}

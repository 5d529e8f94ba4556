import { type GgufHeader, type GgufTensorInfo, parseGgufHeader } from './header.ts';
import type { GgufType } from './types.ts';
import type { GgufMetadata } from './value.ts';

/** A tensor as it lies in a file: the bytes of its blocks, row by row. */
export interface GgufTensor {
  readonly type: GgufType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads a whole GGUF file, version 3; every `data` is a view on `bytes`, not a copy.
 *
 * Layout: "GGUF", version, counts, keys with typed values, the list of tensors, and their values from the next multiple of
 * `general.alignment` (default 32) on.
 *
 * @throws GgufError with a stable `code` for every rule of the format; nothing else, whatever the bytes.
 *
 * @example
 * ```ts
 * import { readGguf, writeGguf } from '@llm/tensor';
 * const file = writeGguf({ 'general.architecture': 'llama' }, [['norm', { type: 'F32', shape: [1], data: new Uint8Array(4) }]]);
 * const { metadata, tensors } = readGguf(file);
 * if (metadata.get('general.architecture') !== 'llama' || tensors.get('norm')!.data.length !== 4) throw new Error('round trip');
 * ```
 *
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function readGguf(bytes: Uint8Array): { metadata: GgufMetadata; tensors: Map<string, GgufTensor> } {
  const header = parseGgufHeader(bytes);
  return { metadata: header.metadata, tensors: new Map([...header.tensors].map(([name, info]) => [name, tensorAt(bytes, header, info)])) };
}

function tensorAt(bytes: Uint8Array, { dataStart }: GgufHeader, { type, shape, offset, bytes: length }: GgufTensorInfo): GgufTensor {
  return { type, shape, data: bytes.subarray(dataStart + offset, dataStart + offset + length) };
}

import { type GgufTensor, int4, int8, type QuantizedWeight, quantizedWeightOf } from '@llm/tensor';
import type { BlockType } from './blocks/codecs.ts';
import { unpackTypes } from './blocks/unpack.ts';
import { gathered } from './model/arrange.ts';

/**
 * A weight in few bits that holds exactly what the blocks of a file stand for: codes as they are, one scale (and offset) for each 16 or 32 values.
 *
 *   w = (code − zero) · scale − offset
 *
 * Q8_0, Q5_0, Q5_1, Q5_K and Q6_K become int8, the others int4. `order` says which row of the file each row of the weight is; `transposed` that
 * the model has the matrix as [in, out].
 */
export function blockWeight({ type, shape, data }: GgufTensor & { readonly type: BlockType }, { order, transposed = false }: { readonly order?: Uint32Array | undefined; readonly transposed?: boolean } = {}): QuantizedWeight {
  const { bits, blockSize, asymmetric, unpack } = unpackTypes[type];
  const count = shape.reduce((product, size) => product * size, 1);
  const codes = bits === 4 ? new Uint8Array(count) : new Int8Array(count);
  const scale = new Float32Array(count / blockSize);
  const offset = asymmetric ? new Float32Array(count / blockSize) : undefined;
  unpack(data, { codes, scale, offset: offset ?? scale });
  const format = (bits === 4 ? int4 : int8)({ blockSize, asymmetric });
  const turn = <T extends Float32Array | Uint8Array | Int8Array>(values: T): T => (order === undefined ? values : gathered(values, order));
  return quantizedWeightOf({ codes: turn(codes), scale: turn(scale), offset: offset === undefined ? undefined : turn(offset) }, { shape: [shape[0]!, shape[1]!], format, transposed });
}

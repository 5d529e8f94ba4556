import { type QuantizedCodes, packCodes, unpackCodes } from './blocks.ts';
import type { BlockLayout, QuantizedFormat } from './format.ts';
import { overTensors, type QuantizedWeight } from './quantized-weight.ts';

function blocksOf(name: string, { name: format, blocks }: QuantizedFormat): BlockLayout {
  if (blocks === undefined) throw new TypeError(`${name}: expected a format of codes with scales, int4 or int8, but found ${format}.`);
  return blocks;
}

/**
 * A weight of codes that somebody else computed: a reader of files, or a method that chooses codes by more than their distance.
 *
 *   w[row, i] = (code[row, i] − zero) · scale[row, ⌊i / blockSize⌋] − offset[row, ⌊i / blockSize⌋]
 *
 * `shape` is [out, in] and codes, scale and offset come row by row of it; zero is 8 in symmetric int4, else 0. `transposed`
 * (default false) says that the model has the matrix as [in, out] in its place, as GPT-2's are: rows of codes stay [out, in].
 *
 * @throws RangeError for codes, scales or offsets that are too few, too many or out of range, and where blocks do not fill the rows.
 *
 * @example
 * ```ts
 * import { int4, linear, quantizedWeightOf, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const codes = Uint8Array.from({ length: 8 }, (_, i) => i);
 * const weight = quantizedWeightOf({ codes, scale: Float32Array.of(0.5), offset: Float32Array.of(1) }, { shape: [1, 8], format: int4({ blockSize: 8, asymmetric: true }) });
 * const [y] = linear(tensor([[0, 0, 0, 0, 0, 0, 0, 1]]), weight).dataSync();
 * if (y !== 7 * 0.5 - 1) throw new Error('the last value of the row');
 * ```
 */
export function quantizedWeightOf(
  { codes, scale, offset }: QuantizedCodes,
  { shape, format, transposed = false }: { shape: readonly [number, number]; format: QuantizedFormat; transposed?: boolean },
): QuantizedWeight {
  const layout = blocksOf('quantizedWeightOf', format);
  const [outputs, inputs] = shape;
  const { blockSize, bits, asymmetric } = layout;
  if (inputs % blockSize !== 0) {
    throw new RangeError(`quantizedWeightOf: expected rows of whole blocks of ${blockSize} but found ${inputs} values in a row. Choose a block size that divides them.`);
  }
  const blocks = (outputs * inputs) / blockSize;
  for (const [name, values, length] of [['codes', codes, outputs * inputs], ['scale', scale, blocks], ['offset', offset, asymmetric ? blocks : 0]] as const) {
    if ((values?.length ?? 0) !== length) {
      throw new RangeError(`quantizedWeightOf: expected ${length} numbers in ${name} for [${shape.join(', ')}] in blocks of ${blockSize}${asymmetric ? ' with offsets' : ''} but found ${values?.length ?? 0}.`);
    }
  }
  const [least, most] = bits === 4 ? [0, 15] : [-128, 127];
  for (let i = 0; i < codes.length; i++) {
    if (codes[i]! < least || codes[i]! > most) throw new RangeError(`quantizedWeightOf: expected codes from ${least} to ${most} but found ${codes[i]} at ${i}.`);
  }
  return overTensors(packCodes(layout, { codes, scale, offset }), { shape, format, transposed });
}

/**
 * The codes of a weight in int4 or int8, one to a value row by row of [out, in], with the scales and offsets of their blocks: the
 * inverse of `quantizedWeightOf`.
 *
 * @throws TypeError for other formats.
 *
 * @example
 * ```ts
 * import { int8, quantizedCodes, quantizedWeight, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const weight = quantizedWeight(Float32Array.of(127, -64, 0, 1), { shape: [1, 4], format: int8({ blockSize: 4 }) });
 * const { codes, scale } = await quantizedCodes(weight);
 * if (codes.join() !== '127,-64,0,1' || scale[0] !== 1) throw new Error('a scale of 1');
 * ```
 */
export async function quantizedCodes({ tensors, shape, format }: QuantizedWeight): Promise<QuantizedCodes> {
  const { bits } = blocksOf('quantizedCodes', format);
  const [words, scale, offset] = await Promise.all([tensors['codes']!.data(), tensors['scale']!.data(), tensors['offset']?.data()]);
  return {
    codes: unpackCodes(words as Int32Array, { bits, count: shape[0]! * shape[1]! }), scale: scale as Float32Array,
    ...(offset === undefined ? {} : { offset: offset as Float32Array }),
  };
}

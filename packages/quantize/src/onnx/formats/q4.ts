import type { Leaf } from '@llm/tensor';
import { groupedMatrixOf, isGroupedWeight } from '../../grid/grouped-weight.ts';
import { OnnxError } from '../errors.ts';
import { add, initializer, ints, type OnnxGraph } from '../graph.ts';
import type { OnnxMatrix } from '../matrix.ts';
import { packCodes, type PackedNBits, packNBits } from '../pack-nbits.ts';
import { floatBytes } from './float-data.ts';
import { floatRows } from './float.ts';
import type { OnnxFormat } from './format.ts';
import { shared } from './shared.ts';

export interface OnnxQ4Options {
  /** Inputs that share a scale, a power of two from 16 on; default 32. */
  readonly block?: number;
  /** Codes are centred on 8 and no zero points are stored; default true. */
  readonly symmetric?: boolean;
  /** Embeddings in four bits too (GatherBlockQuantized), a head that is tied to them being the same table; default false, as onnxruntime's quantizer. */
  readonly embeddings?: boolean;
  /** What onnxruntime may round states to while it multiplies: 1 fp32, 2 fp16, 4 int8, which is faster and less exact; default not said, fp32. */
  readonly accuracyLevel?: 1 | 2 | 4;
}

/**
 * Matrices in four bits, `model_q4.onnx`: MatMulNBits of onnxruntime (com.microsoft), with one scale for `block` inputs of an output.
 * Embeddings stay floats unless asked for; a head that is tied to them is stored again in four bits.
 *
 * What a method of this package has put into four bits already keeps its codes and scales, whatever `block` says.
 *
 * @throws RangeError for a block that onnxruntime does not take.
 *
 * @example
 * ```ts
 * import { onnxQ4 } from '@llm/quantize';
 * if (onnxQ4({ symmetric: false }).suffix !== '_q4') throw new Error('model_q4.onnx');
 * ```
 */
export function onnxQ4(options: OnnxQ4Options = {}): OnnxFormat {
  return q4Format({ name: 'q4', suffix: '_q4', type: 'float' }, options);
}

/**
 * As `onnxQ4`, with 16 bits for everything else: `model_q4f16.onnx`.
 *
 * @throws RangeError for a block that onnxruntime does not take.
 *
 * @example
 * ```ts
 * import { onnxQ4F16 } from '@llm/quantize';
 * if (onnxQ4F16().type !== 'float16') throw new Error('states and cache in 16 bits');
 * ```
 */
export function onnxQ4F16(options: OnnxQ4Options = {}): OnnxFormat {
  return q4Format({ name: 'q4f16', suffix: '_q4f16', type: 'float16' }, options);
}

function isBlock(block: number): boolean {
  return Number.isInteger(Math.log2(block)) && block >= 16;
}

function q4Format(kind: Pick<OnnxFormat, 'name' | 'suffix' | 'type'>, { block = 32, symmetric = true, embeddings = false, accuracyLevel }: OnnxQ4Options): OnnxFormat {
  if (!isBlock(block)) throw new RangeError(`${kind.name}: expected a block of 16, 32, 64, 128 … inputs but found ${block}.`);
  const codesOf = (matrix: OnnxMatrix): Codes => (
    keptCodes(matrix.leaf) ?? { block, symmetric, pack: async () => packNBits(await matrix.values('outputs'), { outputs: matrix.outputs, inputs: matrix.inputs, block, symmetric }) }
  );
  return {
    ...kind,
    rows(graph, ids, { matrix, at }) {
      const own = codesOf(matrix);
      // A block that reaches beyond the row would be one of the row's values.
      if (!embeddings || matrix.inputs % own.block !== 0) return floatRows(graph, ids, { matrix, at, type: kind.type });
      return quantizedRows(graph, ids, { matrix, at, own, type: kind.type });
    },
    product(graph, x, { matrix, at }) {
      const own = codesOf(matrix);
      const stored = storeCodes(graph, matrix, { ...own, type: kind.type });
      return add(graph, 'MatMulNBits', [x, ...stored], {
        at, domain: 'com.microsoft',
        attributes: {
          K: { int: matrix.inputs }, N: { int: matrix.outputs }, bits: { int: 4 }, block_size: { int: own.block }, ...(accuracyLevel === undefined ? {} : { accuracy_level: { int: accuracyLevel } }),
        },
      });
    },
  };
}

function quantizedRows(graph: OnnxGraph, ids: string, { matrix, at, own, type }: { matrix: OnnxMatrix; at: string; own: Codes; type: OnnxFormat['type'] }): string {
  const { outputs, inputs } = matrix;
  const blocks = inputs / own.block;
  // Laid out as for products, so that a tied head shares them; only the shapes differ, which is settled when the file is loaded.
  const [codes, scales, zeroPoints] = storeCodes(graph, matrix, { ...own, type });
  const inRows = (stored: string, width: number): string => add(graph, 'Reshape', [stored, ints(graph, [outputs, width])], { at });
  const zeros = zeroPoints === undefined ? [] : [inRows(zeroPoints, Math.ceil(blocks / 2))];
  return add(graph, 'GatherBlockQuantized', [inRows(codes!, inputs / 2), ids, inRows(scales!, blocks), ...zeros], {
    at, domain: 'com.microsoft', attributes: { gather_axis: { int: 0 }, quantize_axis: { int: 1 }, block_size: { int: own.block }, bits: { int: 4 } },
  });
}

interface Codes { readonly block: number; readonly symmetric: boolean; readonly pack: () => Promise<PackedNBits> }

/** The codes of a leaf that is in four bits already, where MatMulNBits can say them. */
function keptCodes(leaf: Leaf): Codes | undefined {
  if (!isGroupedWeight(leaf)) return undefined;
  const { bits, groupSize, symmetric, wholeZeros, groupOf } = leaf.grouped;
  if (bits > 4 || groupOf !== undefined || !wholeZeros || !isBlock(groupSize)) return undefined;
  // Below four bits the middle of the codes is not 8.
  return { block: groupSize, symmetric: symmetric && bits === 4, pack: async () => packCodes(await groupedMatrixOf(leaf)) };
}

function storeCodes(graph: OnnxGraph, { name, outputs, inputs }: OnnxMatrix, { block, symmetric, pack, type }: Codes & { type: OnnxFormat['type'] }): string[] {
  const blocks = Math.ceil(inputs / block);
  const packed = shared(pack, symmetric ? 2 : 3);
  const stored = [
    initializer(graph, { name: `${name}_Q4`, type: 'uint8', shape: [outputs, blocks, block / 2], data: async () => (await packed()).codes }),
    initializer(graph, { name: `${name}_scales`, type, shape: [outputs * blocks], data: async () => floatBytes((await packed()).scales, type, name) }),
  ];
  if (symmetric) return stored;
  return [...stored, initializer(graph, {
    name: `${name}_zero_points`, type: 'uint8', shape: [outputs * Math.ceil(blocks / 2)],
    data: async () => {
      const { zeroPoints } = await packed();
      if (zeroPoints === undefined) throw new OnnxError('E_WEIGHTS', `onnxModel: expected zero points of ${name} but found none.`);
      return zeroPoints;
    },
  })];
}

import { gather, int4, int8, isWeight, type Leaf, linear, quantizedCodes, type QuantizedWeight, quantizedWeightOf, type Tensor, tensor, transpose, type Weight } from '@llm/tensor';
import { transposed } from '../linalg/matrix.ts';
import { roundedMatrix } from '../methods/rtn.ts';
import type { GroupedMatrix } from './grouped-matrix.ts';

/** What a file has to know of a matrix in few bits beside its tensors. */
export interface GroupedKind {
  readonly bits: number;
  readonly groupSize: number;
  readonly symmetric: boolean;
  /** Zeros are whole numbers, as files but HQQ's demand. */
  readonly wholeZeros: boolean;
  /** Some group's lowest value is 0, its zero the code 0, which version 1 of GPTQ's files cannot hold. */
  readonly lowestIsZero: boolean;
  readonly groupOf?: Int32Array;
}

/** A weight in few bits whose codes, scales and zeros can be had back by `groupedMatrixOf`. */
export interface GroupedWeight extends Weight {
  readonly grouped: GroupedKind;
}

/** Whether a leaf is a matrix in few bits as `groupedWeight` makes it. */
export function isGroupedWeight(leaf: Leaf): leaf is GroupedWeight {
  return isWeight(leaf) && 'grouped' in leaf;
}

/** Codes of up to four bits run as four, others as eight; symmetric ones need no offset. */
function formatOf({ bits, groupSize, symmetric }: Pick<GroupedKind, 'bits' | 'groupSize' | 'symmetric'>) {
  return (bits <= 4 ? int4 : int8)({ blockSize: groupSize, asymmetric: !symmetric });
}

/** What is added to a code to make that of the format: its zero stands at 8 or 0 where symmetric, and bytes are signed. */
function shiftOf({ bits, symmetric }: Pick<GroupedKind, 'bits' | 'symmetric'>): number {
  if (bits <= 4) return symmetric ? 8 - 2 ** (bits - 1) : 0;
  return symmetric ? -(2 ** (bits - 1)) : -128;
}

/**
 * A frozen weight that multiplies with the codes of a matrix in few bits. `transposed` (default false) says that the model has the
 * matrix as [in, out] in its place, as GPT-2's are.
 *
 * Groups of inputs that are no neighbours (`groupOf`) cost a permutation of x in each product.
 *
 * @throws RangeError where the groups do not fill the rows.
 *
 * @example
 * ```ts
 * import { groupedMatrixOf, groupedWeight } from '@llm/quantize';
 * import { linear, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const codes = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
 * const weight = groupedWeight({ outputs: 1, inputs: 8, bits: 4, groupSize: 8, symmetric: false, codes, scales: Float32Array.of(0.5), zeros: Float32Array.of(2) });
 * const [y] = linear(tensor([[0, 0, 0, 0, 0, 0, 0, 1]]), weight).dataSync();
 * if (Math.abs(y! - (7 - 2) * 0.5) > 0.02 || (await groupedMatrixOf(weight)).zeros[0] !== 2) throw new Error('the last input');
 * ```
 */
export function groupedWeight(matrix: GroupedMatrix, { transposed: turned = false }: { transposed?: boolean } = {}): GroupedWeight {
  const { outputs, inputs, bits, groupSize, symmetric, scales, zeros, groupOf } = matrix;
  const kind: GroupedKind = { bits, groupSize, symmetric, wholeZeros: zeros.every(Number.isInteger), lowestIsZero: zeros.some((zero) => zero === 0), ...(groupOf === undefined ? {} : { groupOf }) };
  const shift = shiftOf(kind);
  const order = groupOf === undefined ? undefined : orderOf(groupOf, groupSize);
  const codes = new (bits <= 4 ? Uint8Array : Int8Array)(outputs * inputs);
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++, at++) codes[at] = matrix.codes[order === undefined ? at : o * inputs + order[i]!]! + shift;
  }
  const inner = quantizedWeightOf(
    { codes, scale: scales, ...(symmetric ? {} : { offset: zeros.map((zero, g) => (zero + shift) * scales[g]!) }) },
    // A permuted matrix is turned by its own wrapper.
    { shape: [outputs, inputs], format: formatOf(kind), transposed: turned && order === undefined },
  );
  return order === undefined ? tagged(inner, kind) : permuted(inner, { kind, order, turned });
}

function tagged(inner: QuantizedWeight, kind: GroupedKind): GroupedWeight & QuantizedWeight {
  const [outputs, inputs] = inner.shape as [number, number];
  const { transposed: turned } = inner;
  return {
    ...inner,
    grouped: kind,
    with: (tensors) => tagged(inner.with(tensors) as QuantizedWeight, kind),
    // New values, as those of a merged adapter, are rounded to the nearest on grids of the same kind.
    requantize: (values) => {
      const matrix = turned ? transposed({ rows: inputs, cols: outputs, values }) : { rows: outputs, cols: inputs, values };
      return groupedWeight(roundedMatrix(matrix, { ...kind, scaleDtype: 'F32' }), { transposed: turned }) as GroupedWeight & QuantizedWeight;
    },
  };
}

/** The inputs in the order of their groups. */
function orderOf(groupOf: Int32Array, groupSize: number): Int32Array {
  const order = Int32Array.from(groupOf.keys()).sort((a, b) => groupOf[a]! - groupOf[b]! || a - b);
  order.forEach((from, i) => {
    if (groupOf[from] !== Math.floor(i / groupSize)) throw new RangeError(`groupedWeight: expected groups of ${groupSize} inputs each but found another number in group ${groupOf[from]}.`);
  });
  return order;
}

/** W · x = W' · x', where columns and x are in the order of the groups. */
function permuted(inner: QuantizedWeight, { kind, order, turned }: { kind: GroupedKind; order: Int32Array; turned: boolean }): GroupedWeight {
  const back = new Int32Array(order.length);
  order.forEach((from, i) => { back[from] = i; });
  const ids = (values: Int32Array): Tensor => tensor(values, [values.length], 'int32');
  const sorted = (x: Tensor): Tensor => gather(x, ids(order), x.rank - 1);
  return {
    shape: inner.shape,
    tensors: inner.tensors,
    grouped: kind,
    with: (tensors) => permuted(inner.with(tensors) as QuantizedWeight, { kind, order, turned }),
    apply: (x) => inner.apply(sorted(x)),
    applyWith: (x, epilogue) => linear(sorted(x), inner, epilogue),
    matrix: () => {
      const plain = gather(inner.matrix(), ids(back), 1);
      return turned ? transpose(plain) : plain;
    },
  };
}

/**
 * Codes, scales and zeros of a weight that `groupedWeight` made.
 */
export async function groupedMatrixOf(weight: GroupedWeight): Promise<GroupedMatrix> {
  const { bits, groupSize, symmetric, wholeZeros, groupOf } = weight.grouped;
  const [outputs = 0, inputs = 0] = weight.shape;
  const { codes: held, scale, offset } = await quantizedCodes({ ...weight, format: formatOf(weight.grouped) } as unknown as QuantizedWeight);
  const shift = shiftOf(weight.grouped);
  const order = groupOf === undefined ? undefined : orderOf(groupOf, groupSize);
  const codes = new Uint8Array(held.length);
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++, at++) codes[order === undefined ? at : o * inputs + order[i]!] = held[at]! - shift;
  }
  const zeros = Float32Array.from(scale, (step, g) => {
    if (symmetric) return 2 ** (bits - 1);
    const zero = offset![g]! / step - shift;
    return wholeZeros ? Math.round(zero) : zero;
  });
  return { outputs, inputs, bits, groupSize, symmetric, codes, scales: scale, zeros, ...(groupOf === undefined ? {} : { groupOf }) };
}

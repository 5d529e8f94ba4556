import { checkBits, codeOf, type GridOptions, gridOf } from '../grid/group-grid.ts';
import type { GroupedMatrix } from '../grid/grouped-matrix.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { checkFinite, type Method } from './method.ts';

/**
 * Rounding to the nearest: each group of inputs gets the range of its values, by default around 0 (`symmetric`). Needs no data.
 *
 *   code = round(w / scale) + zero;  w ≈ (code − zero) · scale
 *
 * @throws RangeError for other than 2 to 8 bits.
 *
 * @example
 * ```ts
 * import { quantize, rtn } from '@llm/quantize';
 * import { linear, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const { params } = await quantize({ proj: { weight: tensor([[7.5, -1, 0, 2, 0, 0, 0, 0]]) } }, { format: rtn({ groupSize: 8 }) });
 * const [y] = linear(tensor([[0, 1, 0, 1, 0, 0, 0, 0]]), (params.proj as { weight: ReturnType<typeof tensor> }).weight).dataSync();
 * if (y !== 1) throw new Error('steps of 1 hold −1 and 2');
 * ```
 */
export function rtn({ bits = 4, groupSize = 128, symmetric = true, scaleDtype = 'F32' }: GridOptions = {}): Method {
  checkBits('rtn', bits);
  return {
    name: 'rtn', needsHessian: false, groupSize,
    quantize: async (matrix, { groupSize }) => roundedMatrix(matrix, { bits, groupSize, symmetric, scaleDtype }),
  };
}

/** A matrix rounded to the grids of its groups. */
export function roundedMatrix(matrix: Matrix<Float32Array>, { bits, groupSize, symmetric, scaleDtype }: Required<GridOptions>): GroupedMatrix {
  checkFinite('rtn', matrix);
  const { rows, cols, values } = matrix;
  const steps = 2 ** bits - 1;
  const codes = new Uint8Array(values.length);
  const scales = new Float32Array(values.length / groupSize);
  const zeros = new Float32Array(scales.length);
  for (let g = 0; g < scales.length; g++) {
    const group = values.subarray(g * groupSize, (g + 1) * groupSize);
    let [low, high] = [0, 0];
    for (const value of group) {
      if (value < low) low = value;
      else if (value > high) high = value;
    }
    const grid = gridOf({ low, high }, { bits, symmetric, scaleDtype });
    scales[g] = grid.scale;
    zeros[g] = grid.zero;
    for (let i = 0; i < groupSize; i++) codes[g * groupSize + i] = codeOf(group[i]!, grid, steps);
  }
  return { outputs: rows, inputs: cols, bits, groupSize, symmetric, codes, scales, zeros };
}

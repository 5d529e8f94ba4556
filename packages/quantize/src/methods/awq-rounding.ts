import { storedScale } from '../grid/group-grid.ts';
import type { GroupedMatrix } from '../grid/grouped-matrix.ts';
import { roundEven } from '../grid/round-even.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { checkFinite } from './method.ts';

/** A range below this is no range. */
const LEAST_RANGE = 1e-5;

export interface AwqGrid {
  readonly bits: number;
  readonly groupSize: number;
  readonly symmetric: boolean;
  readonly scaleDtype: 'F32' | 'F16';
}

/**
 * A matrix rounded as AWQ's authors do: the range need not hold 0, and a symmetric one ends with the highest code.
 *
 *   scale = (max − min) / (2ᵇ − 1), zero = −round(min / scale);  symmetric: scale = max |w| / (2ᵇ⁻¹ − 1), zero = 2ᵇ⁻¹
 */
export function awqRounded(matrix: Matrix<Float32Array>, { bits, groupSize, symmetric, scaleDtype }: AwqGrid): GroupedMatrix {
  checkFinite('awq', matrix);
  const { rows, cols, values } = matrix;
  const steps = 2 ** bits - 1;
  const codes = new Uint8Array(values.length);
  const scales = new Float32Array(values.length / groupSize);
  const zeros = new Float32Array(scales.length);
  for (let g = 0; g < scales.length; g++) {
    const group = values.subarray(g * groupSize, (g + 1) * groupSize);
    let [low, high] = [Infinity, -Infinity];
    for (const value of group) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const range = symmetric ? Math.max(high, -low) : high - low;
    const scale = storedScale(Math.max(range, LEAST_RANGE) / (symmetric ? 2 ** (bits - 1) - 1 : steps), scaleDtype);
    scales[g] = scale;
    zeros[g] = symmetric ? 2 ** (bits - 1) : Math.min(steps, Math.max(0, -roundEven(Math.fround(low / scale))));
    for (let i = 0; i < groupSize; i++) codes[g * groupSize + i] = Math.min(steps, Math.max(0, roundEven(Math.fround(group[i]! / scale)) + zeros[g]!));
  }
  return { outputs: rows, inputs: cols, bits, groupSize, symmetric, codes, scales, zeros };
}

import type { Matrix } from '../linalg/matrix.ts';

/**
 * A matrix [outputs, inputs] in few bits on the host, as methods make it and files hold it.
 *
 *   value[o, i] = (codes[o, i] − zeros[o, g]) · scales[o, g],  g = groupOf[i], by default ⌊i / groupSize⌋
 */
export interface GroupedMatrix {
  readonly outputs: number;
  readonly inputs: number;
  /** 2 to 8. */
  readonly bits: number;
  readonly groupSize: number;
  /** Every zero is 2ᵇ⁻¹. */
  readonly symmetric: boolean;
  /** [outputs, inputs], each from 0 to 2ᵇ − 1. */
  readonly codes: Uint8Array;
  /** [outputs, groups]. */
  readonly scales: Float32Array;
  /** [outputs, groups]; whole numbers from all methods but HQQ. */
  readonly zeros: Float32Array;
  /** [inputs]: the group of each input where groups are not of neighbours, as GPTQ's in the order of activity. */
  readonly groupOf?: Int32Array;
}

/** The number of groups of a row. */
export function groupsOf({ inputs, groupSize }: Pick<GroupedMatrix, 'inputs' | 'groupSize'>): number {
  return Math.ceil(inputs / groupSize);
}

/** The values that the codes stand for. */
export function dequantized(matrix: GroupedMatrix): Matrix<Float32Array> {
  const { outputs, inputs, groupSize, codes, scales, zeros, groupOf } = matrix;
  const groups = groupsOf(matrix);
  const values = new Float32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const g = o * groups + (groupOf === undefined ? Math.floor(i / groupSize) : groupOf[i]!);
      values[o * inputs + i] = (codes[o * inputs + i]! - zeros[g]!) * scales[g]!;
    }
  }
  return { rows: outputs, cols: inputs, values };
}

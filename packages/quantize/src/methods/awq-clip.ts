import { dequantized } from '../grid/grouped-matrix.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { product } from '../linalg/product.ts';
import { type AwqGrid, awqRounded } from './awq-rounding.ts';

/** Limits that are tried, down to half of the largest weight. */
const GRID = 20;
const TRIED = 10;

/**
 * The matrix with each group of weights cut at the limit, of ten down to half its largest, that changes the output least when rounded.
 *
 *   error(group) = d · H_gg · dᵀ,  d = rounded(cut w) − w,  H = XᵀX
 *
 * The authors' code looks at 512 of the tokens; H has seen all of them.
 */
export async function clipped(matrix: Matrix<Float32Array>, hessian: Matrix, grid: AwqGrid): Promise<Matrix<Float32Array>> {
  const { rows, cols, values } = matrix;
  const { groupSize } = grid;
  const groups = cols / groupSize;
  const largest = new Float32Array(rows * groups);
  values.forEach((value, i) => {
    const g = Math.floor(i / groupSize);
    largest[g] = Math.max(largest[g]!, Math.abs(value));
  });
  const limits = largest.slice();
  const least = new Float64Array(rows * groups).fill(Infinity);
  for (let step = 0; step < TRIED; step++) {
    const tried = largest.map((value) => value * Math.fround(1 - step / GRID));
    const rounded = dequantized(awqRounded(cutAt(matrix, tried, groupSize), grid)).values;
    for (let g = 0; g < groups; g++) {
      const difference: Matrix = { rows, cols: groupSize, values: new Float32Array(rows * groupSize) };
      const h: Matrix = { rows: groupSize, cols: groupSize, values: new Float32Array(groupSize * groupSize) };
      for (let i = 0; i < groupSize; i++) {
        for (let o = 0; o < rows; o++) difference.values[o * groupSize + i] = rounded[o * cols + g * groupSize + i]! - values[o * cols + g * groupSize + i]!;
        for (let j = 0; j < groupSize; j++) h.values[i * groupSize + j] = hessian.values[(g * groupSize + i) * cols + g * groupSize + j]!;
      }
      const weighted = await product(difference, h);
      for (let o = 0; o < rows; o++) {
        let error = 0;
        for (let i = 0; i < groupSize; i++) error += weighted[o * groupSize + i]! * difference.values[o * groupSize + i]!;
        if (error < least[o * groups + g]!) {
          least[o * groups + g] = error;
          limits[o * groups + g] = tried[o * groups + g]!;
        }
      }
    }
  }
  return cutAt(matrix, limits, groupSize);
}

function cutAt({ rows, cols, values }: Matrix<Float32Array>, limits: Float32Array, groupSize: number): Matrix<Float32Array> {
  return { rows, cols, values: values.map((value, i) => {
    const limit = limits[Math.floor(i / groupSize)]!;
    return Math.max(-limit, Math.min(limit, value));
  }) };
}

import { invertedFactor } from '../linalg/cholesky.ts';
import { damped, preparedHessian } from '../linalg/hessian.ts';
import { type Matrix, transposed } from '../linalg/matrix.ts';
import { product } from '../linalg/product.ts';
import { checkPattern, checkSparsity, markPattern, type Pruner, type Sparsity } from './pruner.ts';

/** Columns among which a share is chosen at a time. */
const BLOCK = 128;

/**
 * SparseGPT: column after column, weights that matter least for the output become 0 and those not yet visited make up for them. A share
 * is chosen over 128 columns and all outputs at once.
 *
 *   score = w² / U_ii²;  H⁻¹ = Uᵀ U;  w_j ← w_j − (w_i / U_ii) · U_ij for j > i where w_i goes
 *
 * `damping` is the share of the mean of the Hessian's diagonal that is added to it, default 0.01. Frantar and Alistarh 2023,
 * https://arxiv.org/abs/2301.00774
 *
 * @throws RangeError for a sparsity outside [0, 1) and for a pattern that does not fill the rows.
 */
export function sparseGpt({ sparsity = 0.5, pattern, damping = 0.01 }: Sparsity & { readonly damping?: number } = {}): Pruner {
  checkSparsity('sparseGpt', { sparsity, ...(pattern === undefined ? {} : { pattern }) });
  return {
    name: 'sparsegpt', needs: ['hessian'],
    prune: async (matrix, moments) => {
      checkPattern('sparseGpt', matrix.cols, pattern);
      if (moments?.hessian === undefined) throw new TypeError('sparseGpt: expected the Hessian of the inputs but found none. Use pruneCalibrated, which measures it.');
      return pruned(matrix, moments.hessian, { sparsity, pattern, damping });
    },
  };
}

async function pruned(matrix: Matrix<Float32Array>, hessian: Matrix, { sparsity, pattern, damping }: { sparsity: number; pattern: Sparsity['pattern']; damping: number }): Promise<Matrix<Float32Array>> {
  const { rows, cols } = matrix;
  const w = transposed(matrix).values;
  const { h, dead } = preparedHessian(hessian);
  for (const i of dead) w.fill(0, i * rows, (i + 1) * rows);
  const u = await invertedFactor(damped(h, { order: Int32Array.from({ length: cols }, (_, i) => i), damping }));
  for (let start = 0; start < cols; start += BLOCK) {
    const end = Math.min(start + BLOCK, cols);
    const count = end - start;
    const score = (i: number, o: number): number => Math.fround(w[i * rows + o]! ** 2) / Math.fround(u[i * cols + i]! ** 2);
    /** Of each column of the block, which outputs lose their weight. */
    const mask = new Uint8Array(count * rows);
    if (pattern === undefined && sparsity > 0) {
      const scores = Float32Array.from({ length: count * rows }, (_, at) => score(start + Math.floor(at / rows), at % rows));
      const limit = scores.slice().sort()[Math.floor(scores.length * sparsity)]!;
      scores.forEach((value, at) => { mask[at] = Number(value <= limit); });
    }
    const errors = new Float64Array(count * rows);
    for (let i = start; i < end; i++) {
      if (pattern !== undefined && (i - start) % pattern[1] === 0) {
        const places = Math.min(pattern[1], end - i);
        for (let o = 0; o < rows; o++) {
          const chosen = new Uint8Array(places);
          markPattern(chosen, Float32Array.from({ length: places }, (_, k) => score(i + k, o)), [pattern[0], places]);
          chosen.forEach((marked, k) => { mask[(i + k - start) * rows + o] = marked; });
        }
      }
      const error = errors.subarray((i - start) * rows, (i - start + 1) * rows);
      for (let o = 0; o < rows; o++) {
        if (mask[(i - start) * rows + o] === 0) continue;
        error[o] = w[i * rows + o]! / u[i * cols + i]!;
        w[i * rows + o] = 0;
      }
      for (let j = i + 1; j < end; j++) {
        const factor = u[i * cols + j]!;
        if (factor !== 0) for (let o = 0; o < rows; o++) w[j * rows + o]! -= error[o]! * factor;
      }
    }
    if (end === cols) break;
    const rest: Matrix = { rows: cols - end, cols: count, values: new Float64Array((cols - end) * count) };
    for (let j = end; j < cols; j++) for (let i = 0; i < count; i++) rest.values[(j - end) * count + i] = u[(start + i) * cols + j]!;
    const change = await product(rest, { rows: count, cols: rows, values: errors });
    for (let at = end * rows, from = 0; from < change.length; at++, from++) w[at]! -= change[from]!;
  }
  return transposed({ rows: cols, cols: rows, values: w });
}

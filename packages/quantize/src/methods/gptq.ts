import { checkBits, codeOf, type Grid, type GridOptions, gridOf } from '../grid/group-grid.ts';
import { type GroupedMatrix, groupsOf } from '../grid/grouped-matrix.ts';
import { invertedFactor } from '../linalg/cholesky.ts';
import { damped, preparedHessian } from '../linalg/hessian.ts';
import { type Matrix, transposed } from '../linalg/matrix.ts';
import { product } from '../linalg/product.ts';
import { checkFinite, type Method } from './method.ts';

export interface GptqOptions extends GridOptions {
  /** Added to the diagonal of the Hessian, as a share of its mean; default 0.01. */
  readonly damping?: number;
  /** Columns in the order of falling activity instead of their own; default true, as the authors recommend. */
  readonly activityOrder?: boolean;
  /**
   * Groups of neighbours whose grids are chosen before the first column, so that an order of activity costs nothing when the matrix is
   * used; default true with `activityOrder`. Without it groups follow the order and x has to be permuted in each product.
   */
  readonly staticGroups?: boolean;
}

/** Columns that are rounded before the rest of the matrix hears of their errors. */
const BLOCK = 128;

/**
 * GPTQ: columns are rounded one after the other, and what each loses is made up by those not yet rounded, as far as the inputs
 * that the layer has met allow.
 *
 *   H = 2/n · XᵀX + damping · mean(diag H) · I;  H⁻¹ = Uᵀ U;  e_i = (w_i − ŵ_i) / U_ii;  w_j ← w_j − e_i · U_ij for j > i
 *
 * Defaults: 4 bits, groups of 128, symmetric. Frantar et al. 2022, https://arxiv.org/abs/2210.17323
 *
 * @throws RangeError for other than 2 to 8 bits, and where the Hessian is not positive definite.
 *
 * @example
 * ```ts
 * import { dequantized, gptq } from '@llm/quantize';
 * const hessian = { rows: 8, cols: 8, values: Float64Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 2 : 1)) };
 * const matrix = { rows: 1, cols: 8, values: Float32Array.of(7.5, 0.4, 0.4, 0.4, 0, 0, 0, 0) };
 * const { values } = dequantized(await gptq().quantize(matrix, { groupSize: 8, hessian }));
 * // Inputs that go together make up for each other: 0.4 + 0.4 + 0.4 is about 1, where rounding alone gives 0.
 * if (values.subarray(1).reduce((sum, value) => sum + value, 0) !== 1) throw new Error('one of them is 1');
 * ```
 */
export function gptq({ bits = 4, groupSize = 128, symmetric = true, scaleDtype = 'F32', damping = 0.01, activityOrder = true, staticGroups = activityOrder }: GptqOptions = {}): Method {
  checkBits('gptq', bits);
  const settings = { bits, symmetric, scaleDtype, damping, activityOrder, staticGroups };
  return {
    name: 'gptq', needsHessian: true, groupSize,
    quantize(matrix, { groupSize, hessian }) {
      if (hessian === undefined) throw new TypeError('gptq: expected the Hessian of the inputs but found none. Use quantizeCalibrated, which measures it.');
      return gptqMatrix(matrix, hessian, { ...settings, groupSize });
    },
  };
}

/**
 * One matrix [out, in] by GPTQ under the Hessian XᵀX [in, in] of its inputs, in any scale. An input that was always 0 gets weights of 0.
 */
export async function gptqMatrix(matrix: Matrix<Float32Array>, hessian: Matrix, options: Required<GptqOptions>): Promise<GroupedMatrix> {
  checkFinite('gptq', matrix);
  const { rows, cols } = matrix;
  const { bits, groupSize, symmetric, scaleDtype, damping, activityOrder, staticGroups } = options;
  if (hessian.rows !== cols || hessian.cols !== cols) throw new RangeError(`gptq: expected a Hessian [${cols}, ${cols}] but found [${hessian.rows}, ${hessian.cols}].`);
  const steps = 2 ** bits - 1;
  const groups = groupsOf({ inputs: cols, groupSize });
  const w = transposed(matrix).values;
  const { h, dead } = preparedHessian(hessian);
  for (const i of dead) w.fill(0, i * rows, (i + 1) * rows);
  const scales = new Float32Array(rows * groups);
  const zeros = new Float32Array(rows * groups);
  /** The grids of group g, from columns at these places in memory, to the range of each row. */
  const choose = (g: number, from: number): void => {
    const to = Math.min(from + groupSize, cols);
    for (let o = 0; o < rows; o++) {
      let [low, high] = [0, 0];
      for (let i = from; i < to; i++) {
        const value = w[i * rows + o]!;
        if (value < low) low = value;
        else if (value > high) high = value;
      }
      const grid = gridOf({ low, high }, { bits, symmetric, scaleDtype });
      scales[o * groups + g] = grid.scale;
      zeros[o * groups + g] = grid.zero;
    }
  };
  if (staticGroups) for (let g = 0; g < groups; g++) choose(g, g * groupSize);
  const order = Int32Array.from({ length: cols }, (_, i) => i);
  if (activityOrder) order.sort((a, b) => h[b * cols + b]! - h[a * cols + a]! || a - b);
  if (activityOrder) permute(w, order, rows);
  const u = await invertedFactor(damped(h, { order, damping }));

  const codes = new Uint8Array(rows * cols);
  for (let start = 0; start < cols; start += BLOCK) {
    const end = Math.min(start + BLOCK, cols);
    // Errors [out, count]; the block itself is worked on where it stands.
    const errors = new Float64Array((end - start) * rows);
    for (let i = start; i < end; i++) {
      const g = Math.floor((staticGroups ? order[i]! : i) / groupSize);
      // From weights that have heard of every error so far; the authors' code looks at those from before the block of 128 began.
      if (!staticGroups && i % groupSize === 0) choose(g, i);
      const diagonal = u[i * cols + i]!;
      const error = errors.subarray((i - start) * rows, (i - start + 1) * rows);
      for (let o = 0; o < rows; o++) {
        const grid: Grid = { scale: scales[o * groups + g]!, zero: zeros[o * groups + g]! };
        const value = w[i * rows + o]!;
        const code = codeOf(value, grid, steps);
        codes[o * cols + order[i]!] = code;
        error[o] = (value - (code - grid.zero) * grid.scale) / diagonal;
      }
      for (let j = i + 1; j < end; j++) {
        const factor = u[i * cols + j]!;
        if (factor !== 0) for (let o = 0, to = j * rows; o < rows; o++) w[to + o]! -= error[o]! * factor;
      }
    }
    if (end === cols) break;
    // All columns behind the block at once: W ← W − E · U.
    const count = end - start;
    const rest: Matrix = { rows: cols - end, cols: count, values: new Float64Array((cols - end) * count) };
    for (let j = end; j < cols; j++) for (let i = 0; i < count; i++) rest.values[(j - end) * count + i] = u[(start + i) * cols + j]!;
    const change = await product(rest, { rows: count, cols: rows, values: errors });
    for (let at = end * rows, from = 0; from < change.length; at++, from++) w[at]! -= change[from]!;
  }
  const own = activityOrder && !staticGroups;
  const groupOf = new Int32Array(cols);
  order.forEach((column, i) => { groupOf[column] = Math.floor(i / groupSize); });
  return { outputs: rows, inputs: cols, bits, groupSize, symmetric, codes, scales, zeros, ...(own ? { groupOf } : {}) };
}

/** Columns, each of `rows` numbers in a row of memory, into another order. */
function permute(w: Float32Array, order: Int32Array, rows: number): void {
  const before = w.slice();
  order.forEach((from, i) => { w.set(before.subarray(from * rows, (from + 1) * rows), i * rows); });
}

import { checkPattern, checkSparsity, markPattern, type Pruner, type Sparsity, withoutMarked } from './pruner.ts';

/**
 * Wanda: of each output, the weights with the least size times norm of their input become 0.
 *
 *   score[o, i] = |w[o, i]| · ‖x_i‖₂
 *
 * Sun et al. 2023, https://arxiv.org/abs/2306.11695
 *
 * @throws RangeError for a sparsity outside [0, 1) and for a pattern that does not fill the rows.
 *
 * @example
 * ```ts
 * import { wanda } from '@llm/quantize';
 * const matrix = { rows: 1, cols: 4, values: Float32Array.of(1, 2, 3, 4) };
 * const { values } = await wanda().prune(matrix, { tokens: 1, squares: Float32Array.of(100, 1, 1, 1) });
 * if (values.join() !== '1,0,0,4') throw new Error('10, 2, 3 and 4: the input of the first is large');
 * ```
 */
export function wanda({ sparsity = 0.5, pattern }: Sparsity = {}): Pruner {
  checkSparsity('wanda', { sparsity, ...(pattern === undefined ? {} : { pattern }) });
  return {
    name: 'wanda', needs: ['squares'],
    prune: async (matrix, moments) => {
      const { cols, rows, values } = matrix;
      checkPattern('wanda', cols, pattern);
      if (moments?.squares === undefined) throw new TypeError('wanda: expected the squares of the inputs but found none. Use pruneCalibrated, which measures them.');
      const norms = moments.squares.map(Math.sqrt);
      const score = values.map((value, i) => Math.abs(value) * norms[i % cols]!);
      const mask = new Uint8Array(values.length);
      if (pattern !== undefined) markPattern(mask, score, pattern);
      else {
        const count = Math.floor(cols * sparsity);
        for (let o = 0; o < rows; o++) {
          const row = score.subarray(o * cols, (o + 1) * cols);
          const order = Array.from(row.keys()).sort((a, b) => row[a]! - row[b]! || a - b);
          for (let i = 0; i < count; i++) mask[o * cols + order[i]!] = 1;
        }
      }
      return withoutMarked(matrix, mask);
    },
  };
}

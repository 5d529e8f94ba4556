import { checkPattern, checkSparsity, markPattern, type Pruner, type Sparsity, withoutMarked } from './pruner.ts';

/**
 * The smallest weights of each matrix become 0: those up to the value at the place ⌊sparsity · count⌋ of the sorted sizes.
 *
 * Han et al. 2015, https://arxiv.org/abs/1506.02626
 *
 * @throws RangeError for a sparsity outside [0, 1) and for a pattern that does not fill the rows.
 */
export function magnitude({ sparsity = 0.5, pattern }: Sparsity = {}): Pruner {
  checkSparsity('magnitude', { sparsity, ...(pattern === undefined ? {} : { pattern }) });
  return {
    name: 'magnitude', needs: [],
    prune: async (matrix) => {
      checkPattern('magnitude', matrix.cols, pattern);
      const score = matrix.values.map(Math.abs);
      const mask = new Uint8Array(score.length);
      if (pattern !== undefined) markPattern(mask, score, pattern);
      else if (sparsity > 0) {
        const limit = score.slice().sort()[Math.floor(score.length * sparsity)]!;
        score.forEach((value, i) => { mask[i] = Number(value <= limit); });
      }
      return withoutMarked(matrix, mask);
    },
  };
}

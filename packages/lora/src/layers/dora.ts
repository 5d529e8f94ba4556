import { differentiable, div, type Leaf, linear, mul, sqrt, square, sum, type Tensor, transpose } from '@llm/tensor';
import { matrixOf } from './adapter-layer.ts';

/** The two matrices of a layer and how they are read. */
export interface LowRank {
  /** [r, in]. */
  readonly a: Tensor;
  /** [out, r]. */
  readonly b: Tensor;
  readonly scaling: number;
  /** The matrix below is stored [in, out]. */
  readonly fanInFanOut: boolean;
}

/** W + scaling · B · A, as W is stored. */
export function sumOf(w: Tensor, { a, b, scaling, fanInFanOut }: LowRank): Tensor {
  const scaled = scaling === 1 ? b : mul(b, scaling);
  return fanInFanOut ? linear(transpose(a), scaled, { residual: w }) : linear(scaled, a, { transposed: true, residual: w });
}

/** Runs `fn` so that no gradient flows through it. */
function detached(fn: () => Tensor): Tensor {
  return differentiable({ inputs: {}, forward: fn, backward: () => ({}) });
}

/** The length of each row of W + scaling · B · A, [out], without a gradient. */
export function rowNorms(base: Leaf, parts: LowRank): Tensor {
  return detached(() => sqrt(sum(square(sumOf(matrixOf(base), parts)), parts.fanInFanOut ? 0 : 1)));
}

/**
 * What the rows of the matrix are multiplied by under DoRA, [out].
 *
 *   g = m / ‖W + scaling · B · A‖,  y = g · (W + scaling · B · A) · x
 *
 * with a norm for each row of W, which the backward pass takes as a constant (section 4.3 of the paper).
 * Liu et al. 2024, https://arxiv.org/abs/2402.09353
 */
export function doraScale(base: Leaf, parts: LowRank, magnitude: Tensor): Tensor {
  return div(magnitude, rowNorms(base, parts));
}

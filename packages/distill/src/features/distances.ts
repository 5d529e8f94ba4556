import { add, cast, div, matMul, maximum, mul, reshape, sqrt, square, sub, sum, type Tensor, tensor, transpose } from '@llm/tensor';

/** 1 where x is above 0, else 0. */
export const above = (x: Tensor): Tensor => cast(cast(maximum(x, 0), 'bool'), 'float32');

/** The least squared distance, so that the square root has a gradient. */
const LEAST = 1e-12;

/** Euclidean distances of all pairs of rows [rows, rows], 0 from a row to itself, and the mean of those above 0. */
export function distances(x: Tensor): { readonly all: Tensor; readonly meanAbove: Tensor } {
  const rows = x.shape[0]!;
  const squares = sum(square(x), -1);
  const apart = sub(add(reshape(squares, [rows, 1]), reshape(squares, [1, rows])), mul(matMul(x, transpose(x)), 2));
  const others = tensor(Float32Array.from({ length: rows * rows }, (_, i) => Number(i % (rows + 1) !== 0)), [rows, rows]);
  const all = mul(sqrt(maximum(apart, LEAST)), others);
  return { all, meanAbove: div(sum(all), maximum(sum(above(all)), 1)) };
}

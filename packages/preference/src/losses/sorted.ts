import { abs, add, cast, matMul, maximum, mul, reshape, sub, sum, type Tensor, tensor } from '@llm/tensor';

/** 1 where x ≠ 0, else 0. */
const nonzero = (x: Tensor): Tensor => cast(cast(x, 'bool'), 'float32');

/**
 * The values of [n] from small to large, equal ones in their order, with the gradient of each going back to its place. Nothing is read from
 * the device; it takes n² numbers, for batches of pairs.
 */
export function sorted(x: Tensor): Tensor {
  const n = x.size;
  const column = reshape(x, [n, 1]);
  const row = reshape(x, [1, n]);
  const above = nonzero(maximum(sub(column, row), 0));
  const equal = sub(1, nonzero(sub(column, row)));
  const before = tensor(Float32Array.from({ length: n * n }, (_, i) => Number(i % n < Math.floor(i / n))), [n, n]);
  const rank = sum(add(above, mul(equal, before)), 1);
  const places = tensor(Float32Array.from({ length: n }, (_, i) => i), [n, 1]);
  const permutation = sub(1, nonzero(abs(sub(places, reshape(rank, [1, n])))));
  return reshape(matMul(permutation, column), [n]);
}

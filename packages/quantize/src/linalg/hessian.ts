import type { Matrix } from './matrix.ts';

/** A copy of the Hessian in which inputs that were always 0 have a diagonal of 1. */
export function preparedHessian({ rows: n, values }: Matrix): { h: Float64Array; dead: number[] } {
  const h = Float64Array.from(values);
  const dead: number[] = [];
  for (let i = 0; i < n; i++) {
    if (h[i * n + i] !== 0) continue;
    dead.push(i);
    h[i * n + i] = 1;
  }
  return { h, dead };
}

/** H in another order with a share of its mean diagonal added to the diagonal. */
export function damped(h: Float64Array, { order, damping }: { order: Int32Array; damping: number }): Matrix<Float64Array> {
  const n = order.length;
  const values = new Float64Array(n * n);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    trace += h[i * n + i]!;
    for (let j = 0; j < n; j++) values[i * n + j] = h[order[i]! * n + order[j]!]!;
  }
  for (let i = 0; i < n; i++) values[i * n + i]! += (damping * trace) / n;
  return { rows: n, cols: n, values };
}

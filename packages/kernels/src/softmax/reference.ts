import type { Sizes } from '../kernel.ts';

interface Forward { readonly x: Float64Array; readonly y: Float64Array }
interface Backward { readonly dy: Float64Array; readonly y: Float64Array; readonly dx: Float64Array }

/** The largest value of a row and Σ exp(x − largest). */
function largestAndSum(row: Float64Array): { most: number; sum: number } {
  let most = -Infinity;
  for (const value of row) most = Math.max(most, value);
  let sum = 0;
  for (const value of row) sum += Math.exp(value - most);
  return { most, sum };
}

/** y = exp(x) / Σ exp(x), row by row. */
export function softmaxReference({ x, y }: Forward, { rows = 0, cols = 0 }: Sizes): void {
  for (let r = 0; r < rows; r++) {
    const { most, sum } = largestAndSum(x.subarray(r * cols, (r + 1) * cols));
    for (let i = r * cols; i < (r + 1) * cols; i++) y[i] = Math.exp(x[i]! - most) / sum;
  }
}

/** dx = y · (dy − Σ dy · y). */
export function softmaxBackwardReference({ dy, y, dx }: Backward, { rows = 0, cols = 0 }: Sizes): void {
  for (let r = 0; r < rows; r++) {
    let dot = 0;
    for (let i = r * cols; i < (r + 1) * cols; i++) dot += dy[i]! * y[i]!;
    for (let i = r * cols; i < (r + 1) * cols; i++) dx[i] = y[i]! * (dy[i]! - dot);
  }
}

/** y = x − ln Σ exp(x), row by row. */
export function logSoftmaxReference({ x, y }: Forward, { rows = 0, cols = 0 }: Sizes): void {
  for (let r = 0; r < rows; r++) {
    const { most, sum } = largestAndSum(x.subarray(r * cols, (r + 1) * cols));
    for (let i = r * cols; i < (r + 1) * cols; i++) y[i] = x[i]! - most - Math.log(sum);
  }
}

/** dx = dy − exp(y) · Σ dy. */
export function logSoftmaxBackwardReference({ dy, y, dx }: Backward, { rows = 0, cols = 0 }: Sizes): void {
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = r * cols; i < (r + 1) * cols; i++) sum += dy[i]!;
    for (let i = r * cols; i < (r + 1) * cols; i++) dx[i] = dy[i]! - Math.exp(y[i]!) * sum;
  }
}

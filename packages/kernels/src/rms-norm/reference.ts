import type { Sizes } from '../kernel.ts';

interface Forward { readonly x: Float64Array; readonly weight: Float64Array; readonly y: Float64Array; readonly rstd: Float64Array }

/** y = weight · x / √(mean(x²) + eps), row by row. */
export function rmsNormReference({ x, weight, y, rstd }: Forward, { rows = 0, cols = 0 }: Sizes, { eps }: { readonly eps: number }): void {
  for (let r = 0; r < rows; r++) {
    let squares = 0;
    for (let c = 0; c < cols; c++) squares += x[r * cols + c]! ** 2;
    rstd[r] = 1 / Math.sqrt(squares / cols + eps);
    for (let c = 0; c < cols; c++) y[r * cols + c] = x[r * cols + c]! * rstd[r]! * weight[c]!;
  }
}

interface Backward {
  readonly dy: Float64Array; readonly x: Float64Array; readonly weight: Float64Array; readonly rstd: Float64Array;
  readonly dx: Float64Array; readonly dweight: Float64Array;
}

/** With x̂ = x · rstd and g = dy · weight: dx = rstd · (g − x̂ · mean(g · x̂)), dweight = Σ_rows dy · x̂. */
export function rmsNormBackwardReference({ dy, x, weight, rstd, dx, dweight }: Backward, { rows = 0, cols = 0 }: Sizes): void {
  dweight.fill(0);
  for (let r = 0; r < rows; r++) {
    let dot = 0;
    for (let c = 0; c < cols; c++) {
      const i = r * cols + c;
      const normal = x[i]! * rstd[r]!;
      dweight[c]! += dy[i]! * normal;
      dot += dy[i]! * weight[c]! * normal;
    }
    for (let c = 0; c < cols; c++) {
      const i = r * cols + c;
      dx[i] = rstd[r]! * (dy[i]! * weight[c]! - (x[i]! * rstd[r]! * dot) / cols);
    }
  }
}

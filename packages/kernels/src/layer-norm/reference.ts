import type { Sizes } from '../kernel.ts';

interface Forward {
  readonly x: Float64Array; readonly weight: Float64Array; readonly bias: Float64Array | undefined;
  readonly y: Float64Array; readonly mean: Float64Array; readonly rstd: Float64Array;
}

/** y = weight · (x − mean) / √(var + eps) + bias, row by row, with the variance over all columns. */
export function layerNormReference({ x, weight, bias, y, mean, rstd }: Forward, { rows = 0, cols = 0 }: Sizes, { eps }: { readonly eps: number }): void {
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * cols, (r + 1) * cols);
    const center = row.reduce((sum, value) => sum + value, 0) / cols;
    const variance = row.reduce((sum, value) => sum + (value - center) ** 2, 0) / cols;
    mean[r] = center;
    rstd[r] = 1 / Math.sqrt(variance + eps);
    for (let c = 0; c < cols; c++) y[r * cols + c] = weight[c]! * (row[c]! - center) * rstd[r]! + (bias?.[c] ?? 0);
  }
}

interface Backward {
  readonly dy: Float64Array; readonly x: Float64Array; readonly weight: Float64Array; readonly mean: Float64Array; readonly rstd: Float64Array;
  readonly dx: Float64Array; readonly dweight: Float64Array; readonly dbias: Float64Array | undefined;
}

/** With x̂ = (x − mean) · rstd and g = dy · weight: dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)), dweight = Σ_rows dy · x̂, dbias = Σ_rows dy. */
export function layerNormBackwardReference({ dy, x, weight, mean, rstd, dx, dweight, dbias }: Backward, { rows = 0, cols = 0 }: Sizes): void {
  dweight.fill(0);
  dbias?.fill(0);
  for (let r = 0; r < rows; r++) {
    const normal = (c: number): number => (x[r * cols + c]! - mean[r]!) * rstd[r]!;
    let dot = 0;
    let sum = 0;
    for (let c = 0; c < cols; c++) {
      const d = dy[r * cols + c]!;
      dweight[c]! += d * normal(c);
      if (dbias !== undefined) dbias[c]! += d;
      dot += (d * weight[c]! * normal(c)) / cols;
      sum += (d * weight[c]!) / cols;
    }
    for (let c = 0; c < cols; c++) dx[r * cols + c] = rstd[r]! * (dy[r * cols + c]! * weight[c]! - sum - normal(c) * dot);
  }
}

import type { Sizes } from '../kernel.ts';

/** What `reduceRows` makes of a row, by the code its uniform takes. */
export const REDUCTIONS = { sum: 0, mean: 1, max: 2 } as const;

export type Reduction = keyof typeof REDUCTIONS;

interface Io { readonly x: Float64Array; readonly y: Float64Array }

/** y[r] = Σ_c x[r, c], that divided by cols, or max_c x[r, c]. */
export function reduceRowsReference({ x, y }: Io, { rows = 0, cols = 0 }: Sizes, { op }: { readonly op: number }): void {
  for (let r = 0; r < rows; r++) {
    let result = op === REDUCTIONS.max ? -Infinity : 0;
    for (let c = 0; c < cols; c++) {
      const value = x[r * cols + c]!;
      result = op === REDUCTIONS.max ? Math.max(result, value) : result + value;
    }
    y[r] = op === REDUCTIONS.mean ? result / cols : result;
  }
}

/** y[c] = Σ_r x[r, c]. */
export function sumColumnsReference({ x, y }: Io, { rows = 0, cols = 0 }: Sizes): void {
  y.fill(0);
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) y[c]! += x[r * cols + c]!;
}

import { type Kernel, defineKernel, type Launch, rowGrain } from '../kernel.ts';
import { reduceRowsOnGpu } from './reduce-rows-on-gpu.ts';
import { reduceRowsReference } from './reference.ts';

/** Rows at least this long are split between threads where there are few of them. */
const LONG_ROW = 65_536;
const FEW_ROWS = 32;

interface Rows { readonly x: number; readonly y: number; readonly rows: number; readonly cols: number; readonly op: number }

/** y[r] from the row of `cols` numbers at x: long rows in parts, whose f64 results are joined in order. */
export function launchReduceRows({ run, temporary }: Pick<Launch, 'run' | 'temporary'>, { x, y, rows, cols, op }: Rows): void {
  if (rows >= FEW_ROWS || cols < LONG_ROW) {
    run('reduceRows', rows, rowGrain(rows, cols, LONG_ROW), x, y, cols, op);
    return;
  }
  const width = Math.max(LONG_ROW / 2, Math.ceil(cols / 4000 * FEW_ROWS / 16) * 16);
  const parts = Math.ceil(cols / width);
  const partial = temporary(rows * parts * 8);
  run('reduceRowParts', rows * parts, 1, x, partial, cols, op, parts, width);
  run('reduceRowJoin', rows, rows, partial, y, parts, op, cols);
}

/**
 * y[r] = Σ_c x[r, c], its mean, or max_c x[r, c], with `op` from REDUCTIONS. A sum over everything is one row. Sums are f32 over
 * blocks of 1,024 numbers and f64 between them, on a graphics card f32 in trees; the sum of no numbers is 0, their mean NaN, their maximum −∞; NaN spreads.
 */
export const reduceRows: Kernel = defineKernel({
  name: 'reduceRows',
  inputs: { x: { dims: ['rows', 'cols'] } },
  outputs: { y: { dims: ['rows'] } },
  uniforms: { op: 0 },
  reference: reduceRowsReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, uniforms: { op }, run, temporary }) {
    launchReduceRows({ run, temporary }, { x: at.x, y: at.y, rows, cols, op });
  },
  webgpu({ at, dims: { rows = 0, cols = 0 }, uniforms: { op }, run, temporary }) {
    reduceRowsOnGpu({ run, temporary }, { x: at.x, y: at.y, rows, cols, op });
  },
});

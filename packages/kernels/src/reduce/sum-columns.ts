import { type Kernel, defineKernel } from '../kernel.ts';
import { launchReduceRows } from './reduce-rows.ts';
import { REDUCTIONS, sumColumnsReference } from './reference.ts';

/** Columns of a task: 16 KiB of sums stay in the nearest cache. */
const WIDTH = 4096;
/** Up to this many rows are summed in one go. */
const FEW_ROWS = 32;
const ELEMENTS_PER_TASK = 131_072;
const MAX_ROW_BLOCKS = 500;

/** y[c] = Σ_r x[r, c]: f32 over blocks of 128 rows, f64 between them; blocks of rows and columns are summed in parallel. */
export const sumColumns: Kernel = defineKernel({
  name: 'sumColumns',
  inputs: { x: { dims: ['rows', 'cols'] } },
  outputs: { y: { dims: ['cols'] } },
  uniforms: {},
  reference: sumColumnsReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, run, temporary }) {
    if (cols === 1) {
      launchReduceRows({ run, temporary }, { x: at.x, y: at.y, rows: 1, cols: rows, op: REDUCTIONS.sum });
      return;
    }
    const width = Math.min(cols, Math.max(WIDTH, Math.ceil(cols / 4000 / 4) * 4));
    const colBlocks = Math.ceil(cols / Math.max(1, width));
    if (rows <= FEW_ROWS) {
      run('sumColumnsFew', colBlocks, 1, at.x, at.y, rows, cols, width);
      return;
    }
    const wanted = Math.min(rows / 4, ELEMENTS_PER_TASK / Math.max(1, width));
    const height = Math.ceil(Math.max(FEW_ROWS, rows / MAX_ROW_BLOCKS, wanted) / 8) * 8;
    const rowBlocks = Math.ceil(rows / height);
    const partial = temporary(rowBlocks * cols * 8);
    const tasks = rowBlocks * colBlocks;
    run('sumColumnsPartial', tasks, Math.ceil(tasks / 2000), at.x, partial, rows, cols, height, width, colBlocks);
    run('sumColumnsJoin', cols, Math.max(128, Math.ceil(cols / 4000)), partial, at.y, rowBlocks, cols);
  },
});

import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuMemory } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { reduceRowsOnGpu } from './reduce-rows-on-gpu.ts';
import { launchReduceRows } from './reduce-rows.ts';
import { REDUCTIONS, sumColumnsReference } from './reference.ts';

/** Columns of a task: 16 KiB of sums stay in the nearest cache. */
const WIDTH = 4096;
/** Up to this many rows are summed in one go. */
const FEW_ROWS = 32;
const ELEMENTS_PER_TASK = 131_072;
const MAX_ROW_BLOCKS = 500;

const program = defineProgram({
  name: 'sumColumns', source: wgsl.sumColumns, bindings: ['read', 'write'],
  params: { tasks: 'u32', across: 'u32', rows: 'u32', cols: 'u32', height: 'u32' },
});
/** Most columns of a workgroup on a graphics card, where lanes share the rows of a column; its lanes, each a column of so few rows. */
const BLOCK = 64;
const GROUP = 256;
const FEW_FOR_LANES = 16;
/** Workgroups that fill a large graphics card. */
const MANY = 512;
/** Rows that a lane takes at least, and at most. */
const LEAST_ROWS = 16;
const MOST_ROWS = 4096;

/** y[c] = Σ_r x[r, c]: f32 over blocks of 128 rows, f64 between them, on a graphics card f32 over trees; blocks of rows and columns are summed in parallel. */
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
  webgpu({ at, dims: { rows = 0, cols = 0 }, run, temporary }) {
    if (cols === 1) {
      reduceRowsOnGpu({ run, temporary }, { x: at.x, y: at.y, rows: 1, cols: rows, op: REDUCTIONS.sum });
      return;
    }
    const width = Math.min(rows <= FEW_FOR_LANES ? GROUP : BLOCK, 2 ** Math.ceil(Math.log2(Math.max(1, cols))));
    const across = Math.ceil(cols / width);
    const sum = (x: GpuMemory | undefined, y: GpuMemory | undefined, { count, height }: { count: number; height: number }): void => {
      const tasks = across * Math.max(1, Math.ceil(count / height));
      run(program, { bind: [x, y], params: { tasks, across, rows: count, cols, height }, grid: flatGrid(tasks, 1), constants: { WIDTH: width } });
    };
    const depth = GROUP / width;
    const wanted = Math.ceil(rows / Math.ceil(MANY / Math.max(1, across)));
    const height = Math.min(MOST_ROWS * depth, Math.max(LEAST_ROWS * depth, wanted));
    const stretches = Math.ceil(rows / height);
    if (stretches <= 1) {
      sum(at.x, at.y, { count: rows, height });
      return;
    }
    const partials = temporary(stretches * cols * 4);
    sum(at.x, partials, { count: rows, height });
    sum(partials, at.y, { count: stretches, height: stretches });
  },
});

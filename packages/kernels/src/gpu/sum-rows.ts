import * as wgsl from '../generated/wgsl.ts';
import type { GpuLaunch } from '../kernel.ts';
import { flatGrid, type GpuMemory } from './program.ts';
import { defineRowProgram, GROUP, layRows } from './row-program.ts';

const program = defineRowProgram({ name: 'sumRows', source: wgsl.sumRows, bindings: ['read', 'write'], params: { rows: 'u32', words: 'u32', lanes: 'u32' } });

/** y [cols] = Σ_rows x [rows, cols], added in a fixed order: how kernels add up partial sums. With no rows it is 0. */
export function sumRowsOnGpu(run: GpuLaunch['run'], { x, y, rows, cols }: { x: GpuMemory; y: GpuMemory | undefined; rows: number; cols: number }): void {
  const { program: fitting, params: { words } } = layRows(program, { rows, cols });
  // About eight rows a lane, so that none waits for many loads one after the other.
  const lanes = Math.min(64, 2 ** Math.ceil(Math.log2(Math.max(1, rows / 8))));
  run(fitting, { bind: [x, y], params: { rows, words, lanes }, grid: flatGrid(words, GROUP / lanes) });
}

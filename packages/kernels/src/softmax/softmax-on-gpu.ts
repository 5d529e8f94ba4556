import * as wgsl from '../generated/wgsl.ts';
import type { GpuMemory } from '../gpu/program.ts';
import { defineRowProgram, layRows } from '../gpu/row-program.ts';
import type { GpuLaunch, Sizes } from '../kernel.ts';

const forwardProgram = defineRowProgram({
  name: 'softmax', source: wgsl.nan + wgsl.softmax, bindings: ['read', 'write'], params: { rows: 'u32', words: 'u32', lanes: 'u32' },
});
const backwardProgram = defineRowProgram({
  name: 'softmaxBackward', source: wgsl.softmaxBackward, bindings: ['read', 'read', 'write'], params: { rows: 'u32', words: 'u32', lanes: 'u32' },
});

interface Call {
  readonly bind: readonly (GpuMemory | undefined)[];
  readonly dims: Sizes;
  /** Of the logarithm of softmax. */
  readonly logarithm: boolean;
}

/** Softmax or its logarithm, from x to y. */
export function softmaxOnGpu(run: GpuLaunch['run'], { bind, dims: { rows = 0, cols = 0 }, logarithm }: Call): void {
  const { program, params, grid } = layRows(forwardProgram, { rows, cols });
  run(program, { bind, params, grid, constants: { LOGARITHM: Number(logarithm) } });
}

/** The gradient of softmax or its logarithm, from dy and y to dx. */
export function softmaxBackwardOnGpu(run: GpuLaunch['run'], { bind, dims: { rows = 0, cols = 0 }, logarithm }: Call): void {
  const { program, params, grid } = layRows(backwardProgram, { rows, cols });
  run(program, { bind, params, grid, constants: { LOGARITHM: Number(logarithm) } });
}

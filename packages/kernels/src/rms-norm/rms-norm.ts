import * as wgsl from '../generated/wgsl.ts';
import { defineRowProgram, layRows, stretchRows } from '../gpu/row-program.ts';
import { sumRowsOnGpu } from '../gpu/sum-rows.ts';
import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { rmsNormBackwardReference, rmsNormReference } from './reference.ts';

const forwardProgram = defineRowProgram({
  name: 'rmsNorm', source: wgsl.rmsNorm, bindings: ['read', 'read', 'write', 'write'], params: { rows: 'u32', words: 'u32', lanes: 'u32', eps: 'f32' },
});
const backwardProgram = defineRowProgram({
  name: 'rmsNormBackward', source: wgsl.rowStretch + wgsl.rmsNormBackward, bindings: ['read', 'read', 'read', 'read', 'write', 'write'],
  params: { rows: 'u32', words: 'u32', lanes: 'u32', grain: 'u32' },
});

/** y = weight · x / √(mean(x²) + eps) per row; `rstd` is kept for the backward pass. */
export const rmsNorm: Kernel = defineKernel({
  name: 'rmsNorm',
  paper: 'https://arxiv.org/abs/1910.07467',
  inputs: { x: { dims: ['rows', 'cols'] }, weight: { dims: ['cols'] } },
  outputs: { y: { dims: ['rows', 'cols'] }, rstd: { dims: ['rows'] } },
  uniforms: { eps: 1e-6 },
  reference: rmsNormReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, uniforms: { eps }, run }) {
    run('rmsNorm', rows, rowGrain(rows, cols), at.x, at.weight, at.y, at.rstd, cols, eps);
  },
  webgpu({ at, dims: { rows = 0, cols = 0 }, uniforms: { eps }, run }) {
    const { program, params, grid } = layRows(forwardProgram, { rows, cols });
    run(program, { bind: [at.x, at.weight, at.y, at.rstd], params: { ...params, eps }, grid });
  },
});

/** Gradients of rmsNorm with respect to x and weight. */
export const rmsNormBackward: Kernel = defineKernel({
  name: 'rmsNormBackward',
  inputs: { dy: { dims: ['rows', 'cols'] }, x: { dims: ['rows', 'cols'] }, weight: { dims: ['cols'] }, rstd: { dims: ['rows'] } },
  outputs: { dx: { dims: ['rows', 'cols'] }, dweight: { dims: ['cols'] } },
  uniforms: {},
  reference: rmsNormBackwardReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, run, temporary }) {
    const grain = rowGrain(rows, cols, 65_536);
    const chunks = Math.ceil(rows / grain);
    const partial = temporary(chunks * cols * 4);
    run('rmsNormBackward', rows, grain, at.dy, at.x, at.weight, at.rstd, at.dx, partial, cols, grain);
    run('sumRows', Math.ceil(cols / 4), 32, partial, at.dweight, chunks, cols);
  },
  webgpu({ at, dims: { rows = 0, cols = 0 }, run, temporary }) {
    const layout = layRows(backwardProgram, { rows, cols });
    const { grain, stretches, grid } = stretchRows(layout);
    const partials = temporary(stretches * cols * 4);
    run(layout.program, { bind: [at.dy, at.x, at.weight, at.rstd, at.dx, partials], params: { ...layout.params, grain }, grid });
    sumRowsOnGpu(run, { x: partials, y: at.dweight, rows: stretches, cols });
  },
});

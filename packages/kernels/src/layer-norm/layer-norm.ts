import * as wgsl from '../generated/wgsl.ts';
import { defineRowProgram, layRows, stretchRows } from '../gpu/row-program.ts';
import { sumRowsOnGpu } from '../gpu/sum-rows.ts';
import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { layerNormBackwardReference, layerNormReference } from './reference.ts';

const forwardProgram = defineRowProgram({
  name: 'layerNorm', source: wgsl.layerNorm, bindings: ['read', 'read', 'read', 'write', 'write', 'write'],
  params: { rows: 'u32', words: 'u32', lanes: 'u32', eps: 'f32' },
});
const backwardProgram = defineRowProgram({
  name: 'layerNormBackward', source: wgsl.rowStretch + wgsl.layerNormBackward,
  bindings: ['read', 'read', 'read', 'read', 'read', 'write', 'write', 'write'], params: { rows: 'u32', words: 'u32', lanes: 'u32', grain: 'u32' },
});

/** y = weight · (x − mean(x)) / √(var(x) + eps) + bias per row; `mean` and `rstd` are kept for the backward pass. */
export const layerNorm: Kernel = defineKernel({
  name: 'layerNorm',
  paper: 'https://arxiv.org/abs/1607.06450',
  inputs: { x: { dims: ['rows', 'cols'] }, weight: { dims: ['cols'] }, bias: { dims: ['cols'], optional: true } },
  outputs: { y: { dims: ['rows', 'cols'] }, mean: { dims: ['rows'] }, rstd: { dims: ['rows'] } },
  uniforms: { eps: 1e-5 },
  reference: layerNormReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, uniforms: { eps }, run }) {
    run('layerNorm', rows, rowGrain(rows, cols), at.x, at.weight, at.bias, at.y, at.mean, at.rstd, cols, eps);
  },
  webgpu({ at, dims: { rows = 0, cols = 0 }, uniforms: { eps }, run }) {
    const { program, params, grid } = layRows(forwardProgram, { rows, cols });
    run(program, {
      bind: [at.x, at.weight, at.bias, at.y, at.mean, at.rstd], params: { ...params, eps }, grid,
      constants: { HAS_BIAS: at.bias === undefined ? 0 : 1 },
    });
  },
});

/** Gradients of layerNorm with respect to x, weight and, where asked for, bias. */
export const layerNormBackward: Kernel = defineKernel({
  name: 'layerNormBackward',
  inputs: {
    dy: { dims: ['rows', 'cols'] }, x: { dims: ['rows', 'cols'] }, weight: { dims: ['cols'] },
    mean: { dims: ['rows'] }, rstd: { dims: ['rows'] },
  },
  outputs: { dx: { dims: ['rows', 'cols'] }, dweight: { dims: ['cols'] }, dbias: { dims: ['cols'], optional: true } },
  uniforms: {},
  reference: layerNormBackwardReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, run, temporary }) {
    const grain = rowGrain(rows, cols, 65_536);
    const chunks = Math.ceil(rows / grain);
    const partialWeight = temporary(chunks * cols * 4);
    const partialBias = temporary(chunks * cols * 4);
    run('layerNormBackward', rows, grain, at.dy, at.x, at.weight, at.mean, at.rstd, at.dx, partialWeight, partialBias, cols, grain);
    run('sumRows', Math.ceil(cols / 4), 32, partialWeight, at.dweight, chunks, cols);
    if (at.dbias !== 0) run('sumRows', Math.ceil(cols / 4), 32, partialBias, at.dbias, chunks, cols);
  },
  webgpu({ at, dims: { rows = 0, cols = 0 }, run, temporary }) {
    const layout = layRows(backwardProgram, { rows, cols });
    const { grain, stretches, grid } = stretchRows(layout);
    const partialWeight = temporary(stretches * cols * 4);
    const partialBias = at.dbias === undefined ? undefined : temporary(stretches * cols * 4);
    run(layout.program, {
      bind: [at.dy, at.x, at.weight, at.mean, at.rstd, at.dx, partialWeight, partialBias], params: { ...layout.params, grain }, grid,
      constants: { HAS_DBIAS: partialBias === undefined ? 0 : 1 },
    });
    sumRowsOnGpu(run, { x: partialWeight, y: at.dweight, rows: stretches, cols });
    if (partialBias !== undefined) sumRowsOnGpu(run, { x: partialBias, y: at.dbias, rows: stretches, cols });
  },
});

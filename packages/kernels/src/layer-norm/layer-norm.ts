import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { layerNormBackwardReference, layerNormReference } from './reference.ts';

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
});

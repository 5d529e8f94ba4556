import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { softmaxBackwardReference, softmaxReference } from './reference.ts';
import { softmaxBackwardOnGpu, softmaxOnGpu } from './softmax-on-gpu.ts';

/** y = exp(x) / Σ exp(x) over each row; −∞ gives 0, and a row of nothing else NaN. On the CPU y may be the memory of x. */
export const softmax: Kernel = defineKernel({
  name: 'softmax',
  inputs: { x: { dims: ['rows', 'cols'] } },
  outputs: { y: { dims: ['rows', 'cols'] } },
  uniforms: {},
  reference: softmaxReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, run }) {
    run('softmax', rows, rowGrain(rows, cols), at.x, at.y, cols);
  },
  webgpu({ at, dims, run }) {
    softmaxOnGpu(run, { bind: [at.x, at.y], dims, logarithm: false });
  },
});

/** dx = y · (dy − Σ dy · y) from the output of softmax. */
export const softmaxBackward: Kernel = defineKernel({
  name: 'softmaxBackward',
  inputs: { dy: { dims: ['rows', 'cols'] }, y: { dims: ['rows', 'cols'] } },
  outputs: { dx: { dims: ['rows', 'cols'] } },
  uniforms: {},
  reference: softmaxBackwardReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, run }) {
    run('softmaxBackward', rows, rowGrain(rows, cols), at.dy, at.y, at.dx, cols);
  },
  webgpu({ at, dims, run }) {
    softmaxBackwardOnGpu(run, { bind: [at.dy, at.y, at.dx], dims, logarithm: false });
  },
});

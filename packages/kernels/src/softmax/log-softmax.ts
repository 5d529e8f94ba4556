import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { logSoftmaxBackwardReference, logSoftmaxReference } from './reference.ts';
import { softmaxBackwardOnGpu, softmaxOnGpu } from './softmax-on-gpu.ts';

/** y = x − ln Σ exp(x) over each row. On the CPU y may be the memory of x. */
export const logSoftmax: Kernel = defineKernel({
  name: 'logSoftmax',
  inputs: { x: { dims: ['rows', 'cols'] } },
  outputs: { y: { dims: ['rows', 'cols'] } },
  uniforms: {},
  reference: logSoftmaxReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, run }) {
    run('softmaxLog', rows, rowGrain(rows, cols), at.x, at.y, cols);
  },
  webgpu({ at, dims, run }) {
    softmaxOnGpu(run, { bind: [at.x, at.y], dims, logarithm: true });
  },
});

/** dx = dy − exp(y) · Σ dy from the output of logSoftmax. */
export const logSoftmaxBackward: Kernel = defineKernel({
  name: 'logSoftmaxBackward',
  inputs: { dy: { dims: ['rows', 'cols'] }, y: { dims: ['rows', 'cols'] } },
  outputs: { dx: { dims: ['rows', 'cols'] } },
  uniforms: {},
  reference: logSoftmaxBackwardReference,
  wasm({ at, dims: { rows = 0, cols = 0 }, run }) {
    run('softmaxLogBackward', rows, rowGrain(rows, cols), at.dy, at.y, at.dx, cols);
  },
  webgpu({ at, dims, run }) {
    softmaxBackwardOnGpu(run, { bind: [at.dy, at.y, at.dx], dims, logarithm: true });
  },
});

import { type Kernel, defineKernel } from '../kernel.ts';
import { matmulReference } from './reference.ts';
import { runMatmulOnGpu } from './run-matmul-on-gpu.ts';
import { runMatmul } from './run-matmul.ts';

/**
 * c = activation(op(a) · op(b) + bias) + residual over a batch, where op transposes where the uniform says so: a is then
 * stored [k, m], b [n, k]. `broadcastB` uses one b for all of the batch.
 * `precision` 1 allows a device to round operands to f16, whose products it then adds in f32: cards that cannot do so, and wasm,
 * compute as with 0. What is beyond 65,504 overflows then, and what is below 6e-8 is lost.
 * `aSize` and `bSize` stand for the stored sizes, so that both layouts share the ports; m, n, k come with the call.
 */
export const matmul: Kernel = defineKernel({
  name: 'matmul',
  inputs: {
    a: { dims: ['aSize'] }, b: { dims: ['bSize'] },
    bias: { dims: ['n'], optional: true }, residual: { dims: ['batch', 'm', 'n'], optional: true },
  },
  outputs: { c: { dims: ['batch', 'm', 'n'] }, before: { dims: ['batch', 'm', 'n'], optional: true } },
  uniforms: { transposeA: 0, transposeB: 0, activation: 0, broadcastB: 0, precision: 0 },
  reference: matmulReference,
  wasm({ at, dims: { batch = 1, m = 0, n = 0, k = 0 }, uniforms, run, temporary }) {
    runMatmul({ run, temporary }, { ...at, ...uniforms, batch, m, n, k });
  },
  webgpu({ at, dims: { batch = 1, m = 0, n = 0, k = 0 }, uniforms, run, temporary, device }) {
    const { a, b, c, bias, residual, before } = at;
    runMatmulOnGpu({ run, temporary, device }, { ...uniforms, a: a!, b: b!, c: c!, bias, residual, before, batch, m, n, k });
  },
});

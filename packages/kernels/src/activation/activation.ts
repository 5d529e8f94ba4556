import { FLAT, flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { activationBackwardReference, activationReference } from './reference.ts';

const forwardProgram = defineProgram({
  name: 'activation', source: wgsl.activate + wgsl.activation, bindings: ['read', 'write'], params: { count: 'u32' },
});
const backwardProgram = defineProgram({
  name: 'activationBackward', source: wgsl.activate + wgsl.activationBackward, bindings: ['read', 'read', 'write'], params: { count: 'u32' },
});

/** y = f(x) element by element, with `activation` from ACTIVATIONS. On the CPU y may be the memory of x. */
export const activation: Kernel = defineKernel({
  name: 'activation',
  inputs: { x: { dims: ['count'] } },
  outputs: { y: { dims: ['count'] } },
  uniforms: { activation: 0 },
  reference: activationReference,
  wasm({ at, dims: { count = 0 }, uniforms, run }) {
    run('activation', count, flatGrain(count), at.x, at.y, uniforms.activation);
  },
  webgpu({ at, dims: { count = 0 }, uniforms, run }) {
    run(forwardProgram, { bind: [at.x, at.y], params: { count }, grid: flatGrid(count, FLAT), constants: { ACTIVATION: uniforms.activation } });
  },
});

/** dx = dy · f′(x), from the input of the activation. */
export const activationBackward: Kernel = defineKernel({
  name: 'activationBackward',
  inputs: { dy: { dims: ['count'] }, x: { dims: ['count'] } },
  outputs: { dx: { dims: ['count'] } },
  uniforms: { activation: 0 },
  reference: activationBackwardReference,
  wasm({ at, dims: { count = 0 }, uniforms, run }) {
    run('activationBackward', count, flatGrain(count), at.dy, at.x, at.dx, uniforms.activation);
  },
  webgpu({ at, dims: { count = 0 }, uniforms, run }) {
    run(backwardProgram, { bind: [at.dy, at.x, at.dx], params: { count }, grid: flatGrid(count, FLAT), constants: { ACTIVATION: uniforms.activation } });
  },
});

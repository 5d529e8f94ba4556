import { FLAT, flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { gatedBackwardReference, gatedReference } from './reference.ts';

const forwardProgram = defineProgram({
  name: 'gated', source: wgsl.activate + wgsl.gated, bindings: ['read', 'read', 'write'], params: { count: 'u32' },
});
const backwardProgram = defineProgram({
  name: 'gatedBackward', source: wgsl.activate + wgsl.gatedBackward, bindings: ['read', 'read', 'read', 'write', 'write'], params: { count: 'u32' },
});

/** y = f(gate) · up element by element, with `activation` from ACTIVATIONS. On the CPU y may be the memory of either. */
export const gated: Kernel = defineKernel({
  name: 'gated',
  paper: 'https://arxiv.org/abs/2002.05202',
  inputs: { gate: { dims: ['count'] }, up: { dims: ['count'] } },
  outputs: { y: { dims: ['count'] } },
  uniforms: { activation: 0 },
  reference: gatedReference,
  wasm({ at, dims: { count = 0 }, uniforms, run }) {
    run('gated', count, flatGrain(count), at.gate, at.up, at.y, uniforms.activation);
  },
  webgpu({ at, dims: { count = 0 }, uniforms, run }) {
    run(forwardProgram, { bind: [at.gate, at.up, at.y], params: { count }, grid: flatGrid(count, FLAT), constants: { ACTIVATION: uniforms.activation } });
  },
});

/** dgate = dy · up · f′(gate) and dup = dy · f(gate), from the inputs of `gated`. */
export const gatedBackward: Kernel = defineKernel({
  name: 'gatedBackward',
  inputs: { dy: { dims: ['count'] }, gate: { dims: ['count'] }, up: { dims: ['count'] } },
  outputs: { dgate: { dims: ['count'] }, dup: { dims: ['count'] } },
  uniforms: { activation: 0 },
  reference: gatedBackwardReference,
  wasm({ at, dims: { count = 0 }, uniforms, run }) {
    run('gatedBackward', count, flatGrain(count), at.dy, at.gate, at.up, at.dgate, at.dup, uniforms.activation);
  },
  webgpu({ at, dims: { count = 0 }, uniforms, run }) {
    run(backwardProgram, {
      bind: [at.dy, at.gate, at.up, at.dgate, at.dup], params: { count }, grid: flatGrid(count, FLAT), constants: { ACTIVATION: uniforms.activation },
    });
  },
});

import { FLAT, flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { fillInt32Reference, fillReference } from './reference.ts';

const program = defineProgram({ name: 'fill', source: wgsl.fill, bindings: ['write'], params: { size: 'u32', bits: 'u32' } });

const bitsOf = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!;

/** y = value; `size` comes with the call. */
export const fill: Kernel = defineKernel({
  name: 'fill',
  inputs: {},
  outputs: { y: { dims: ['size'] } },
  uniforms: { value: 0 },
  reference: fillReference,
  wasm({ at, dims: { size = 0 }, uniforms: { value }, run }) {
    run('fillWords', size, flatGrain(size), at.y, bitsOf(value));
  },
  webgpu({ at, dims: { size = 0 }, uniforms: { value }, run }) {
    run(program, { bind: [at.y], params: { size, bits: bitsOf(value) }, grid: flatGrid(size, FLAT) });
  },
});

/** y = value in 32-bit integers; `size` comes with the call. */
export const fillInt32: Kernel = defineKernel({
  name: 'fillInt32',
  inputs: {},
  outputs: { y: { dims: ['size'], dtype: 'int32' } },
  uniforms: { value: 0 },
  reference: fillInt32Reference,
  wasm({ at, dims: { size = 0 }, uniforms: { value }, run }) {
    run('fillWords', size, flatGrain(size), at.y, value | 0);
  },
  webgpu({ at, dims: { size = 0 }, uniforms: { value }, run }) {
    run(program, { bind: [at.y], params: { size, bits: value }, grid: flatGrid(size, FLAT) });
  },
});

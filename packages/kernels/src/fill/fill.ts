import { flatGrain } from '../elementwise/flat-grain.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { fillInt32Reference, fillReference } from './reference.ts';

/** y = value; `size` comes with the call. */
export const fill: Kernel = defineKernel({
  name: 'fill',
  inputs: {},
  outputs: { y: { dims: ['size'] } },
  uniforms: { value: 0 },
  reference: fillReference,
  wasm({ at, dims: { size = 0 }, uniforms: { value }, run }) {
    const bits = new Int32Array(Float32Array.of(value).buffer)[0]!;
    run('fillWords', size, flatGrain(size), at.y, bits);
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
});

import { type Kernel, defineKernel } from '../kernel.ts';
import { flatGrain } from './flat-grain.ts';
import { castToFloat32Reference, castToInt32Reference } from './reference.ts';

/** y = x without its fraction, held to [−2³¹, 2³¹ − 1]; NaN becomes 0. y may be the memory of x. */
export const castToInt32: Kernel = defineKernel({
  name: 'castToInt32',
  inputs: { x: { dims: ['size'] } },
  outputs: { y: { dims: ['size'], dtype: 'int32' } },
  uniforms: {},
  reference: castToInt32Reference,
  wasm({ at, dims: { size = 0 }, run }) {
    run('castToInt32', size, flatGrain(size), at.x, at.y);
  },
});

/** y = x rounded to the nearest float, which is x itself up to 2²⁴. y may be the memory of x. */
export const castToFloat32: Kernel = defineKernel({
  name: 'castToFloat32',
  inputs: { x: { dims: ['size'], dtype: 'int32' } },
  outputs: { y: { dims: ['size'] } },
  uniforms: {},
  reference: castToFloat32Reference,
  wasm({ at, dims: { size = 0 }, run }) {
    run('castToFloat32', size, flatGrain(size), at.x, at.y);
  },
});

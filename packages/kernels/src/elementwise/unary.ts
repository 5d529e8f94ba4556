import { type Kernel, defineKernel } from '../kernel.ts';
import { flatGrain } from './flat-grain.ts';
import { unaryReference } from './reference.ts';

/**
 * y = f(x) with `op` from UNARY_OPERATIONS: `affine` is a · x + b, `step` is 1 where x > 0 and b elsewhere; the others read
 * neither. y may be the memory of x. `exp`, `log`, `tanh` and `sigmoid` are within a few units in the last place.
 */
export const unary: Kernel = defineKernel({
  name: 'unary',
  inputs: { x: { dims: ['size'] } },
  outputs: { y: { dims: ['size'] } },
  uniforms: { op: 0, a: 1, b: 0 },
  reference: unaryReference,
  wasm({ at, dims: { size = 0 }, uniforms: { op, a, b }, run }) {
    run('unary', size, flatGrain(size), at.x, at.y, op, a, b);
  },
});

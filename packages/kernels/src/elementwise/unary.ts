import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { FLAT, flatGrain } from './flat-grain.ts';
import { unaryReference } from './reference.ts';

const program = defineProgram({
  name: 'unary', source: wgsl.isNan + wgsl.unary, bindings: ['read', 'write'], params: { size: 'u32', a: 'f32', b: 'f32' },
});

/**
 * y = f(x) with `op` from UNARY_OPERATIONS: `affine` is a · x + b, `step` is 1 where x > 0 and b elsewhere; the others read
 * neither. y may be the memory of x. `exp`, `log`, `tanh` and `sigmoid` are within a few units in the last place; on a graphics
 * card `exp` is within 3 + 2|x| of them, and `log` between ½ and 2 within 2⁻²¹.
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
  webgpu({ at, dims: { size = 0 }, uniforms: { op, a, b }, run }) {
    const inPlace = at.x === at.y;
    run(program, {
      bind: [inPlace ? undefined : at.x, at.y], params: { size, a, b }, grid: flatGrid(size, FLAT),
      constants: { OP: op, IN_PLACE: Number(inPlace) },
    });
  },
});

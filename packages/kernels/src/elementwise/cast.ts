import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type GpuLaunch, type Kernel, defineKernel } from '../kernel.ts';
import { FLAT, flatGrain } from './flat-grain.ts';
import { castToFloat32Reference, castToInt32Reference } from './reference.ts';

const bindings = ['read', 'write'] as const;
const params = { size: 'u32' } as const;
const toInt32 = defineProgram({ name: 'castToInt32', source: wgsl.isNan + wgsl.castToInt32, bindings, params });
const toFloat32 = defineProgram({ name: 'castToFloat32', source: wgsl.castToFloat32, bindings, params });

function runCast(program: typeof toInt32, { at, dims: { size = 0 }, run }: Pick<GpuLaunch<'x' | 'y'>, 'at' | 'dims' | 'run'>): void {
  const inPlace = at.x === at.y;
  run(program, { bind: [inPlace ? undefined : at.x, at.y], params: { size }, grid: flatGrid(size, FLAT), constants: { IN_PLACE: Number(inPlace) } });
}

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
  webgpu: (launch) => runCast(toInt32, launch),
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
  webgpu: (launch) => runCast(toFloat32, launch),
});

import { FLAT, flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { halves } from './philox.ts';
import { dropoutReference, dropoutScale } from './reference.ts';

const program = defineProgram({
  name: 'dropout', source: wgsl.philox + wgsl.dropout, bindings: ['read', 'read', 'write'],
  params: { count: 'u32', threshold: 'u32', scale: 'f32', keyLow: 'u32', keyHigh: 'u32', site: 'u32', offsetLow: 'u32', offsetHigh: 'u32' },
});

/**
 * y = x / (1 − p) with probability 1 − p, else 0. Element i takes word i mod 4 of Philox 4×32-10 at counter [offset + ⌊i / 4⌋, site]
 * under the key (seedLow, seedHigh), so that the same call on dy is the gradient and no mask is stored. A `seed` in memory is the
 * key instead: a recorded call then reads another key at each replay. On the CPU y may be the memory of x. p in [0, 1], offset a
 * whole number below 2⁵³; RangeError otherwise.
 */
export const dropout: Kernel = defineKernel({
  name: 'dropout',
  paper: 'https://doi.org/10.1145/2063384.2063405',
  inputs: { x: { dims: ['count'] }, seed: { dims: ['halves'], dtype: 'int32', optional: true } },
  outputs: { y: { dims: ['count'] } },
  uniforms: { p: 0.1, seedLow: 0, seedHigh: 0, site: 0, offset: 0 },
  derive: () => ({ halves: 2 }),
  reference: dropoutReference,
  wasm({ at, dims: { count = 0 }, uniforms: { seedLow, seedHigh, site, ...uniforms }, run }) {
    const { threshold, scale } = dropoutScale(uniforms);
    run(
      'dropout', Math.ceil(count / 16), Math.ceil(flatGrain(count) / 16),
      at.x, at.seed, at.y, count, threshold, scale, seedLow, seedHigh, site, ...halves(uniforms.offset),
    );
  },
  webgpu({ at, dims: { count = 0 }, uniforms: { seedLow, seedHigh, site, ...uniforms }, run }) {
    const { threshold, scale } = dropoutScale(uniforms);
    const [offsetLow, offsetHigh] = halves(uniforms.offset);
    run(program, {
      bind: [at.x, at.seed, at.y], params: { count, threshold, scale, keyLow: seedLow, keyHigh: seedHigh, site, offsetLow, offsetHigh },
      grid: flatGrid(count, FLAT), constants: { HAS_SEED: at.seed === undefined ? 0 : 1 },
    });
  },
});

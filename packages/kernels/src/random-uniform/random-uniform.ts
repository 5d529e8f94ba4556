import { philoxBlock } from '../dropout/philox.ts';
import { keyOf } from '../dropout/reference.ts';
import { FLAT, flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel, type Sizes } from '../kernel.ts';

const program = defineProgram({
  name: 'randomUniform', source: wgsl.philox + wgsl.randomUniform, bindings: ['read', 'write'],
  params: { count: 'u32', keyLow: 'u32', keyHigh: 'u32', stream: 'u32' },
});

function reference(
  { y, seed }: { readonly y: Float64Array; readonly seed?: Float64Array }, { count = 0 }: Sizes,
  uniforms: { readonly seedLow: number; readonly seedHigh: number; readonly stream: number },
): void {
  const key = keyOf(seed, uniforms);
  for (let i = 0; i < count; i += 4) {
    const words = philoxBlock([i / 4, 0, uniforms.stream >>> 0, 1], key);
    for (let j = 0; j < 4 && i + j < count; j++) y[i + j] = (words[j]! >>> 8) / 2 ** 24;
  }
}

/**
 * y uniform in [0, 1), one of 2²⁴ values: element i is what `philox(seed, stream).uniform()` gives as number i, on every device.
 * The key is (seedLow, seedHigh), or a `seed` in memory, which a recorded call reads at each replay.
 */
export const randomUniform: Kernel = defineKernel({
  name: 'randomUniform',
  paper: 'https://doi.org/10.1145/2063384.2063405',
  inputs: { seed: { dims: ['halves'], dtype: 'int32', optional: true } },
  outputs: { y: { dims: ['count'] } },
  uniforms: { seedLow: 0, seedHigh: 0, stream: 0 },
  derive: () => ({ halves: 2 }),
  reference,
  wasm({ at, dims: { count = 0 }, uniforms: { seedLow, seedHigh, stream }, run }) {
    run('randomUniform', Math.ceil(count / 16), Math.ceil(flatGrain(count) / 16), at.seed, at.y, count, seedLow, seedHigh, stream);
  },
  webgpu({ at, dims: { count = 0 }, uniforms: { seedLow, seedHigh, stream }, run }) {
    run(program, {
      bind: [at.seed, at.y], params: { count, keyLow: seedLow, keyHigh: seedHigh, stream },
      grid: flatGrid(count, FLAT), constants: { HAS_SEED: at.seed === undefined ? 0 : 1 },
    });
  },
});

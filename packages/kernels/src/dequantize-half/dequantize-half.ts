import { flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { dequantizeBf16Reference, dequantizeF16Reference } from './reference.ts';

const WORDS_PER_GROUP = 256;

function halves(name: 'dequantizeF16' | 'dequantizeBf16', reference: typeof dequantizeF16Reference): Kernel {
  const program = defineProgram({ name, source: wgsl.dequantizeHalf, bindings: ['read', 'write'], params: { words: 'u32' } });
  const constants = { BRAIN: Number(name === 'dequantizeBf16') };
  return defineKernel({
    name,
    inputs: { packed: { dims: ['words'], dtype: 'int32' } },
    outputs: { y: { dims: ['words', 'lanes'] } },
    uniforms: {},
    derive: () => ({ lanes: 2 }),
    reference,
    wasm({ at, dims: { words = 0 }, run }) {
      run(name, words, flatGrain(words), at.packed, at.y);
    },
    webgpu({ at, dims: { words = 0 }, run }) {
      run(program, { bind: [at.packed, at.y], params: { words }, grid: flatGrid(words, WORDS_PER_GROUP), constants });
    },
  });
}

/** y = the values of 16-bit floats of IEEE 754 (binary16), two to a word with the lower half first. */
export const dequantizeF16: Kernel = halves('dequantizeF16', dequantizeF16Reference);

/** y = the values of bfloat16, the upper halves of 32-bit floats, two to a word with the lower half first. */
export const dequantizeBf16: Kernel = halves('dequantizeBf16', dequantizeBf16Reference);

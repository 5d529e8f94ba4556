import { flatGrain } from '../elementwise/flat-grain.ts';
import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { dequantizeBf16Reference, dequantizeF16Reference } from './reference.ts';

const program = defineProgram({ name: 'dequantizeHalf', source: wgsl.dequantizeHalf, bindings: ['read', 'write'], params: { words: 'u32' } });
const WORDS_PER_GROUP = 256;
const ports = { inputs: { packed: { dims: ['words'], dtype: 'int32' } }, outputs: { y: { dims: ['words', 'lanes'] } }, uniforms: {}, derive: () => ({ lanes: 2 }) } as const;

/** y = the values of 16-bit floats of IEEE 754 (binary16), two to a word with the lower half first. */
export const dequantizeF16: Kernel = defineKernel({
  name: 'dequantizeF16',
  ...ports,
  reference: dequantizeF16Reference,
  wasm({ at, dims: { words = 0 }, run }) {
    run('dequantizeF16', words, flatGrain(words), at.packed, at.y);
  },
  webgpu({ at, dims: { words = 0 }, run }) {
    run(program, { bind: [at.packed, at.y], params: { words }, grid: flatGrid(words, WORDS_PER_GROUP), constants: { BRAIN: 0 } });
  },
});

/** y = the values of bfloat16, the upper halves of 32-bit floats, two to a word with the lower half first. */
export const dequantizeBf16: Kernel = defineKernel({
  name: 'dequantizeBf16',
  ...ports,
  reference: dequantizeBf16Reference,
  wasm({ at, dims: { words = 0 }, run }) {
    run('dequantizeBf16', words, flatGrain(words), at.packed, at.y);
  },
  webgpu({ at, dims: { words = 0 }, run }) {
    run(program, { bind: [at.packed, at.y], params: { words }, grid: flatGrid(words, WORDS_PER_GROUP), constants: { BRAIN: 1 } });
  },
});

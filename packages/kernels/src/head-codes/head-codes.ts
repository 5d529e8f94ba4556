import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { headBlock, headWords } from './layout.ts';
import { dequantizeHeadsReference, quantizeHeadsReference } from './reference.ts';

const params = { count: 'u32', width: 'u32', block: 'u32', words: 'u32', bits: 'u32' } as const;
const quantizeProgram = defineProgram({ name: 'quantizeHeads', source: wgsl.quantizeHeads, bindings: ['read', 'write'], params });
const dequantizeProgram = defineProgram({ name: 'dequantizeHeads', source: wgsl.dequantizeHeads, bindings: ['read', 'write'], params });

/**
 * Keys or values of heads [rows, width] in words: codes of `bits` bits, the first in the lowest bits, then a scale for each block of 32
 * values, or of the head where its width is no multiple.
 *
 *   8 bits: scale = max |x| / 127, x ≈ code · scale       4 bits: scale = −x / 8 of the x that is largest in magnitude, x ≈ (code − 8) · scale
 */
export const quantizeHeads: Kernel = defineKernel({
  name: 'quantizeHeads',
  inputs: { x: { dims: ['rows', 'width'] } },
  outputs: { y: { dims: ['rows', 'words'], dtype: 'int32' } },
  uniforms: { bits: 8 },
  derive: ({ width = 0 }, { bits }) => ({ words: headWords(width, bits) }),
  reference: quantizeHeadsReference,
  wasm({ at, dims: { rows = 0, width = 0 }, uniforms: { bits }, run }) {
    run('quantizeHeads', rows, rowGrain(rows, width), at.x, at.y, width, bits);
  },
  webgpu({ at, dims: { rows = 0, width = 0, words = 0 }, uniforms: { bits }, run }) {
    const block = headBlock(width), count = (rows * width) / block;
    run(quantizeProgram, { bind: [at.x, at.y], params: { count, width, block, words, bits }, grid: flatGrid(count, 64) });
  },
});

/** The values of `quantizeHeads` again. */
export const dequantizeHeads: Kernel = defineKernel({
  name: 'dequantizeHeads',
  inputs: { x: { dims: ['rows', 'words'], dtype: 'int32' } },
  outputs: { y: { dims: ['rows', 'width'] } },
  uniforms: { bits: 8 },
  derive: ({ width = 0 }, { bits }) => ({ words: headWords(width, bits) }),
  reference: dequantizeHeadsReference,
  wasm({ at, dims: { rows = 0, width = 0 }, uniforms: { bits }, run }) {
    run('dequantizeHeads', rows, rowGrain(rows, width), at.x, at.y, width, bits);
  },
  webgpu({ at, dims: { rows = 0, width = 0, words = 0 }, uniforms: { bits }, run }) {
    const count = rows * width;
    run(dequantizeProgram, { bind: [at.x, at.y], params: { count, width, block: headBlock(width), words, bits }, grid: flatGrid(count, 256) });
  },
});

import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { portsOfCodes, sizesOfCodes } from './codes.ts';
import { quantizedRowsReference } from './reference.ts';

const program = defineProgram({
  name: 'quantizedRows', source: wgsl.nan + wgsl.quantizedRows, bindings: ['read', 'read', 'read', 'read', 'write'],
  params: { count: 'u32', rows: 'u32', width: 'u32', blockSize: 'u32', zero: 'i32', nibbles: 'u32', hasOffset: 'u32' },
});

/**
 * y[i] = row ids[i] of a quantized table as floats, (code − zero) · scale − offset; an id outside the table gives a row of NaN. `rows` and
 * `width` of the table come with the call.
 */
export const quantizedRows: Kernel = defineKernel({
  name: 'quantizedRows',
  inputs: { ...portsOfCodes, ids: { dims: ['count'], dtype: 'int32' } },
  outputs: { y: { dims: ['count', 'width'] } },
  uniforms: { bits: 8, blockSize: 32, zero: 0 },
  derive: ({ rows = 0, width = 0 }, uniforms) => sizesOfCodes(rows * width, uniforms),
  reference: quantizedRowsReference,
  wasm({ at, dims: { rows = 0, width = 0, count = 0 }, uniforms: { bits, blockSize, zero }, run }) {
    run('quantizedRows', count, rowGrain(count, width), at.codes, at.scale, at.offset, at.ids, at.y, rows, width, blockSize, bits, zero);
  },
  webgpu({ at, dims: { rows = 0, width = 0, count = 0 }, uniforms: { bits, blockSize, zero }, run }) {
    run(program, {
      bind: [at.codes, at.scale, at.offset, at.ids, at.y], grid: flatGrid(count * width, 256),
      params: { count: count * width, rows, width, blockSize, zero, nibbles: bits === 4 ? 1 : 0, hasOffset: at.offset === undefined ? 0 : 1 },
    });
  },
});

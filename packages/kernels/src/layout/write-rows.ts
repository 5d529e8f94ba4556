import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { writeRowsReference } from './reference.ts';

const bindings = ['read', 'read', 'write'] as const;
const params = { count: 'u32', rows: 'u32', width: 'u32', capacity: 'u32' } as const;
const ones = defineProgram({ name: 'writeRows', source: wgsl.bits + wgsl.writeRows, bindings, params });
const fours = defineProgram({ name: 'writeRowsOfFours', source: wgsl.bits4 + wgsl.writeRows, bindings, params });

/**
 * target[b, offsets[b] + j] = source[b, j] in place, as a cache of keys and values needs it: target is [batch, capacity, width],
 * source [batch, count, width]; rows outside the capacity are left out. Words move as bits, so both may hold floats or integers.
 */
export const writeRows: Kernel = defineKernel({
  name: 'writeRows',
  inputs: {
    target: { dims: ['batch', 'capacity', 'width'] }, source: { dims: ['batch', 'count', 'width'] }, offsets: { dims: ['batch'], dtype: 'int32' },
  },
  outputs: { target: { dims: ['batch', 'capacity', 'width'], inPlace: 'target' } },
  uniforms: {},
  reference: writeRowsReference,
  wasm({ at, dims: { batch = 0, count = 0, capacity = 0, width = 0 }, run }) {
    run('writeRows', batch * count, rowGrain(batch * count, width), at.source, at.offsets, at.target, count, capacity, width);
  },
  webgpu({ at, dims: { batch = 0, count = 0, capacity = 0, width = 0 }, run }) {
    const unit = width % 4 === 0 ? 4 : 1;
    const words = (batch * count * width) / unit;
    run(unit === 4 ? fours : ones, {
      bind: [at.source, at.offsets, at.target], params: { count: words, rows: count, width: width / unit, capacity }, grid: flatGrid(words, 256),
    });
  },
});

import { fill } from '../fill/fill.ts';
import * as wgsl from '../generated/wgsl.ts';
import { flatGrid } from '../gpu/program.ts';
import { defineRowProgram, defineWordProgram, layRows } from '../gpu/row-program.ts';
import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { embeddingBackwardReference, embeddingReference } from './reference.ts';
import { sortByIdOnGpu } from './sort-by-id.ts';

const forwardProgram = defineRowProgram({
  name: 'embedding', source: wgsl.nan + wgsl.embedding, bindings: ['read', 'read', 'write'], params: { rows: 'u32', words: 'u32', lanes: 'u32', vocab: 'u32' },
});
const chunk = { count: 'u32', size: 'u32', words: 'u32', vocab: 'u32' } as const;
const sumProgram = defineWordProgram({
  name: 'embeddingSum', source: wgsl.embeddingSum, bindings: ['read', 'read', 'read', 'write', 'write'], params: chunk,
});
const joinProgram = defineWordProgram({ name: 'embeddingJoin', source: wgsl.embeddingJoin, bindings: ['read', 'read', 'write'], params: chunk });

/** The least positions in a chunk, and the most chunks. */
const CHUNK = 16;
const CHUNKS = 1024;

/** y[i] = table[ids[i]]; an id outside the table gives a row of NaN. */
export const embedding: Kernel = defineKernel({
  name: 'embedding',
  inputs: { table: { dims: ['vocab', 'width'] }, ids: { dims: ['count'], dtype: 'int32' } },
  outputs: { y: { dims: ['count', 'width'] } },
  uniforms: {},
  reference: embeddingReference,
  wasm({ at, dims: { vocab = 0, width = 0, count = 0 }, run }) {
    run('embedding', count, rowGrain(count, width), at.table, at.ids, at.y, vocab, width);
  },
  webgpu({ at, dims: { vocab = 0, width = 0, count = 0 }, run }) {
    const { program, params, grid } = layRows(forwardProgram, { rows: count, cols: width });
    run(program, { bind: [at.table, at.ids, at.y], params: { ...params, vocab }, grid });
  },
});

/** dtable[id] = Σ dy[i] over the positions with that id, in their order; other rows 0, ids outside ignored. `vocab` comes with the call. */
export const embeddingBackward: Kernel = defineKernel({
  name: 'embeddingBackward',
  inputs: { dy: { dims: ['count', 'width'] }, ids: { dims: ['count'], dtype: 'int32' } },
  outputs: { dtable: { dims: ['vocab', 'width'] } },
  uniforms: {},
  reference: embeddingBackwardReference,
  wasm({ at, dims: { vocab = 0, width = 0, count = 0 }, run, temporary }) {
    const starts = temporary((vocab + 1) * 4);
    const order = temporary(count * 4);
    run('embeddingSort', 1, 1, at.ids, starts, order, vocab, count);
    run('embeddingBackward', vocab, rowGrain(vocab, width), at.dy, starts, order, at.dtable, width);
  },
  webgpu({ at, dims: { vocab = 0, width = 0, count = 0 }, device, run, temporary }) {
    fill.webgpu!({ at: { y: at.dtable }, dims: { size: vocab * width }, uniforms: { value: 0 }, device, run, temporary });
    const { ids, order } = sortByIdOnGpu({ run, temporary }, { ids: at.ids, count, vocab });
    const size = Math.max(CHUNK, Math.ceil(count / CHUNKS));
    const chunks = Math.ceil(count / size);
    const heads = temporary(chunks * width * 4);
    const fours = width % 4 === 0;
    const words = fours ? width / 4 : width;
    const call = { params: { count, size, words, vocab }, grid: flatGrid(chunks * words, 256) };
    run(fours ? sumProgram.fours : sumProgram.ones, { bind: [at.dy, ids, order, heads, at.dtable], ...call });
    run(fours ? joinProgram.fours : joinProgram.ones, { bind: [ids, heads, at.dtable], ...call });
  },
});

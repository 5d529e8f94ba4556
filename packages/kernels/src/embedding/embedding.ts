import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { embeddingBackwardReference, embeddingReference } from './reference.ts';

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
});

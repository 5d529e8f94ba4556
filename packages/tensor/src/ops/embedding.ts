import { embedding as kernel, embeddingBackward } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';
import { isWeight, type Weight } from '../tree/weight.ts';

/**
 * Rows of a table by id; in the backward pass repeated ids sum.
 *
 * ids int32 [...], table [vocabulary, width] → [..., width]. An id outside the table gives a row of NaN.
 */
export function embed(ids: Tensor, table: Tensor | Weight): Tensor {
  if (isWeight(table)) {
    if (table.rows === undefined) throw new TypeError('embed: expected a weight with rows(ids) but found one without. Use another weight type for embeddings.');
    return table.rows(ids);
  }
  const [vocab = 0, width = 0] = table.shape;
  if (table.rank !== 2 || ids.dtype !== 'int32') {
    throw new RangeError(`embed: expected int32 ids and a table [vocabulary, width] but found ${ids.dtype} and [${table.shape.join(', ')}]`);
  }
  const dims = { vocab, width, count: ids.size };
  return differentiable({
    inputs: { table },
    forward: (save) => {
      save([ids]);
      return call(kernel, { inputs: { table, ids }, dims, outputs: { y: [...ids.shape, width] } }).y;
    },
    backward: (dy, [ids]) => ({
      table: () => call(embeddingBackward, { inputs: { dy, ids }, dims, outputs: { dtable: table.shape } }).dtable,
    }),
  });
}

import { embedding as kernel, embeddingBackward } from '@llm/kernels';
import { concat, expandDims, greaterEqual, scalar, sub, type Tensor, tensor, where } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { scope } from '../autodiff/scope.ts';
import { call } from '../device/call.ts';
import { mostTensorBytes } from '../device/use-device.ts';
import type { Leaf } from '../tree/tree.ts';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';

/**
 * A matrix [out, in] in several tensors, each some of its rows: for one that is larger than a graphics card binds at once. It acts as
 * the whole matrix would, is trained block by block, and is stored as one (`data`). An optimizer that looks at a matrix as one, as Muon and
 * Adafactor do, looks at each block.
 *
 *   apply(x) = [x · W₀ᵀ, x · W₁ᵀ, …];  rows(id) = row id of the blocks below each other, NaN outside
 *
 * blocks [rowsᵢ, in] → a weight of shape [Σ rowsᵢ, in] whose tensors are `block0`, `block1` and so on.
 *
 * @throws RangeError for no blocks, and for blocks of different widths.
 *
 * @example
 * ```ts
 * import { linear, rowBlocks, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const weight = rowBlocks([tensor([[1, 2], [3, 4]]), tensor([[5, 6]])]);
 * const logits = linear(tensor([[1, 1]]), weight).dataSync();
 * if (weight.shape.join() !== '3,2' || logits.join() !== '3,7,11') throw new Error('one row after the other');
 * ```
 */
export function rowBlocks(blocks: readonly Tensor[]): Weight {
  const width = blocks[0]?.shape[1] ?? 0;
  if (blocks.length === 0 || blocks.some(({ rank, shape }) => rank !== 2 || shape[1] !== width)) {
    throw new RangeError(`rowBlocks: expected blocks [rows, width] of one width but found ${blocks.map(({ shape }) => `[${shape.join(', ')}]`).join(', ') || 'none'}. Cut one matrix between its rows.`);
  }
  const starts: number[] = [];
  const total = blocks.reduce((rows, { shape }) => {
    starts.push(rows);
    return rows + shape[0]!;
  }, 0);
  const startOf = (i: number): Tensor => scalar(starts[i]!, 'int32');
  const names = blocks.map((_, i) => `block${i}`);
  const dimsOf = (i: number, ids: Tensor): { vocab: number; width: number; count: number } => ({ vocab: blocks[i]!.shape[0]!, width, count: ids.size });
  const tensors = Object.fromEntries(names.map((name, i) => [name, blocks[i]!]));
  return {
    shape: [total, width],
    tensors,
    with: (others) => rowBlocks(names.map((name) => others[name]!)),
    apply: (x) => scope(() => concat(blocks.map((block) => linear(x, block)), x.rank - 1)),
    rows(ids) {
      if (ids.dtype !== 'int32') throw new RangeError(`rowBlocks: expected int32 ids but found ${ids.dtype}. Cast them.`);
      return differentiable({
        inputs: tensors,
        forward: (save) => {
          save([ids]);
          const rowsOf = (i: number): Tensor => call(kernel, { inputs: { table: blocks[i], ids: sub(ids, startOf(i)) }, dims: dimsOf(i, ids), outputs: { y: [...ids.shape, width] } }).y;
          // Ids beyond a block give NaN there, which the block that has them takes the place of.
          return blocks.slice(1).reduce((y, _, i) => where(expandDims(greaterEqual(ids, startOf(i + 1)), -1), rowsOf(i + 1), y), rowsOf(0));
        },
        // Ids outside a block add nothing to it.
        backward: (dy, [ids]) => Object.fromEntries(names.map((name, i) => [name, () => (
          call(embeddingBackward, { inputs: { dy, ids: sub(ids!, startOf(i)) }, dims: dimsOf(i, ids!), outputs: { dtable: blocks[i]!.shape } }).dtable
        )])),
      });
    },
    async data() {
      const values = new Float32Array(total * width);
      for (const [i, block] of blocks.entries()) values.set(await block.data(), starts[i]! * width);
      return values;
    },
  };
}

/**
 * A matrix [out, in] as the device in use can hold it: as it is, or where it is larger than a tensor may be there, as `rowBlocks` of nearly
 * equal size, and the matrix is freed. Its values must be on the host, as those of a tensor are that was just made of an array.
 *
 * @example
 * ```ts
 * import { inRowBlocks, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const matrix = tensor([[1, 2], [3, 4]]);
 * if (inRowBlocks(matrix) !== matrix) throw new Error('only graphics cards have such a limit');
 * ```
 */
export function inRowBlocks(matrix: Tensor): Leaf {
  const most = mostTensorBytes();
  const [rows = 0, width = 0] = matrix.shape;
  const fitting = Math.floor(most / (4 * width));
  // Where not even one row fits, the device says so when the matrix is used.
  if (matrix.rank !== 2 || 4 * matrix.size <= most || fitting < 1) return matrix;
  const size = Math.min(fitting, Math.ceil(rows / Math.ceil(rows / fitting) / 4) * 4);
  const values = matrix.dataSync();
  const blocks: Tensor[] = [];
  for (let from = 0; from < rows; from += size) {
    const count = Math.min(size, rows - from);
    // A copy each: a view would keep the values of the whole matrix alive.
    blocks.push(tensor(values.slice(from * width, (from + count) * width), [count, width]));
  }
  matrix.dispose();
  return rowBlocks(blocks);
}

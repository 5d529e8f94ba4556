import { embeddingBackward } from '@llm/kernels';
import {
  add, broadcast_util, cast, cumsum, matMul, mul, range, registerGradient, reshape, sum, type Tensor, transpose, util, zerosLike,
} from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';
import '../generated/gradients.ts';

// Gradients that tfjs lacks, or has wrong: all take the place of its own on import.

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** Σ of the rows of dy by id: what comes back to [vocab, width] where rows were taken from it. */
function scatter(dy: Tensor, ids: Tensor, { vocab, width }: { vocab: number; width: number }): Tensor {
  return call(embeddingBackward, {
    inputs: { dy, ids: ids.dtype === 'int32' ? ids : cast(ids, 'int32') }, dims: { vocab, width, count: ids.size }, outputs: { dtable: [vocab, width] },
  }).dtable;
}

/** ids [rows, count] that point into rows of `size`, as ids into all of them. */
function acrossRows(ids: Tensor, size: number): Tensor {
  const [rows = 0] = ids.shape;
  return rows === 1 ? ids : add(ids, mul(reshape(range(0, rows, 1, 'int32'), [rows, 1]), size));
}

// tfjs takes one pass over everything for each row of x, and fails where there are batch dimensions.
registerGradient({
  kernelName: 'GatherV2',
  inputsToSave: ['x', 'indices'],
  gradFunc: (dy, saved, attrs) => {
    const [x, indices] = saved as unknown as [Tensor, Tensor];
    const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
    const at = util.parseAxisParam(axis, x.shape)[0]!;
    const first = batchDims < 0 ? batchDims + indices.rank : batchDims;
    const batch = product(x.shape.slice(0, first));
    const outer = product(x.shape.slice(first, at));
    const size = x.shape[at]!;
    const inner = product(x.shape.slice(at + 1));
    const count = batch === 0 ? 0 : indices.size / product(indices.shape.slice(0, first));
    return {
      x: () => {
        const rows = transpose(reshape(dy as Tensor, [batch, outer, count, inner]), [0, 2, 1, 3]);
        const ids = acrossRows(reshape(indices, [product(indices.shape.slice(0, first)), count]), size);
        const summed = scatter(rows, ids, { vocab: batch * size, width: outer * inner });
        return reshape(transpose(reshape(summed, [batch, size, outer, inner]), [0, 2, 1, 3]), x.shape);
      },
      indices: () => zerosLike(indices),
    };
  },
});

// tfjs has none.
registerGradient({
  kernelName: 'TopK',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved) => {
    const [x, indices] = saved as unknown as [Tensor, Tensor];
    const size = x.shape.at(-1)!;
    const k = indices.shape.at(-1)!;
    const rows = k === 0 ? 0 : indices.size / k;
    return {
      x: () => reshape(scatter((dys as Tensor[])[0]!, acrossRows(reshape(indices, [rows, k]), size), { vocab: x.size, width: 1 }), x.shape),
    };
  },
});

// tfjs transposes the result once more where the axis is not the last.
registerGradient({
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as unknown as { axis: number; exclusive: boolean; reverse: boolean };
    return { x: () => cumsum(dy as Tensor, axis, exclusive, !reverse) };
  },
});

// tfjs forgets to sum over the matrices that one was broadcast to.
registerGradient({
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved, attrs) => {
    const [a, b] = saved as unknown as [Tensor, Tensor];
    const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
    const d = dy as Tensor;
    const like = (x: Tensor, gradient: Tensor): Tensor => {
      const axes = broadcast_util.getReductionAxes(x.shape.slice(0, -2), gradient.shape.slice(0, -2));
      return reshape(axes.length === 0 ? gradient : sum(gradient, axes), x.shape);
    };
    return {
      a: () => like(a, transposeA ? matMul(b, d, transposeB, true) : matMul(d, b, false, !transposeB)),
      b: () => like(b, transposeB ? matMul(d, a, true, transposeA) : matMul(a, d, !transposeA, false)),
    };
  },
});

import { slice } from '@llm/kernels';
import { concat, reshape, type Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { call } from '../device/call.ts';

/**
 * The last axis cut into `count` equal parts, each in the shape asked for: how a joined projection becomes queries, keys and
 * values.
 *
 * x [..., count · width] → `count` tensors of `shape`, which holds [..., width] in any form.
 */
export function splitColumns(x: Tensor, count: number, { shape }: { shape: readonly number[] }): Tensor[] {
  const cols = x.shape.at(-1) ?? 0;
  const width = cols / count;
  const rows = cols === 0 ? 0 : x.size / cols;
  if (!Number.isInteger(width) || shape.reduce((size, length) => size * length, 1) !== rows * width) {
    throw new RangeError(`splitColumns: expected ${count} parts of [${shape.join(', ')}] but found [${x.shape.join(', ')}]`);
  }
  const dims = { n0: 1, n1: 1, n2: rows, n3: cols, m0: 1, m1: 1, m2: rows, m3: width };
  return differentiable<Tensor[]>({
    inputs: { x },
    forward: () => Array.from({ length: count }, (_, part) => call(slice, { inputs: { x }, dims, uniforms: { s3: part * width }, outputs: { y: shape } }).y),
    backward: (dys) => ({ x: () => reshape(concat(dys.map((dy) => reshape(dy, [rows, width])), 1), x.shape) }),
  });
}

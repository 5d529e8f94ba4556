import { canMultiplyCodes, quantizedMatmul, quantizedRows } from '@llm/kernels';
import { type Tensor, util } from '@tensorflow/tfjs-core';
import { internals } from '../autodiff/engine.ts';
import { call } from '../device/call.ts';
import { wantsExactProducts } from './exact-products.ts';
import type { BlockLayout } from './format.ts';

type Held = Readonly<Record<string, Tensor>>;

/** The layout with which products of these rows are made of their codes now: where it allows that, and no gradient is recorded. */
export function directLayout(blocks: BlockLayout | undefined, inputs: number): BlockLayout | undefined {
  // Also inside of operations: what a checkpointed segment runs first must be what it runs again.
  if (blocks === undefined || wantsExactProducts() || internals().state.gradientDepth > 0) return undefined;
  return canMultiplyCodes({ k: inputs, bits: blocks.bits, blockSize: blocks.blockSize }) ? blocks : undefined;
}

/** x · Wᵀ + bias + residual by integers, x in signed bytes. */
export function codeProduct(
  x: Tensor, { codes, scale, offset }: Held,
  { outputs, inputs, layout: { bits, blockSize, zero }, bias, residual }: {
    outputs: number; inputs: number; layout: BlockLayout; bias?: Tensor | undefined; residual?: Tensor | undefined;
  },
): Tensor {
  const outer = x.shape.slice(0, -1);
  return call(quantizedMatmul, {
    inputs: { x, codes, scale, offset, bias, residual }, dims: { m: util.sizeFromShape(outer), n: outputs, k: inputs },
    uniforms: { bits, blockSize, zero }, outputs: { y: [...outer, outputs] },
  }).y;
}

/** Rows by id, of which alone codes are read; an id outside the table gives a row of NaN. */
export function codeRows(
  ids: Tensor, { codes, scale, offset }: Held, { outputs, inputs, layout: { bits, blockSize, zero } }: { outputs: number; inputs: number; layout: BlockLayout },
): Tensor {
  return call(quantizedRows, {
    inputs: { codes, scale, offset, ids }, dims: { rows: outputs, width: inputs, count: ids.size }, uniforms: { bits, blockSize, zero }, outputs: { y: [...ids.shape, inputs] },
  }).y;
}

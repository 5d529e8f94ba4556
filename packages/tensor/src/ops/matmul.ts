import { ACTIVATIONS, type Activation, matmul as kernel } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';
import { halfPrecision } from '../device/precision.ts';

/** One product of the matmul kernel; a and b hold `batch` matrices, stored transposed where said. No gradient of its own. */
export function product(
  a: Tensor,
  b: Tensor,
  { batch = 1, m, n, k, transposeA = false, transposeB = false, broadcastB = false, bias, residual, activation = 'none', shape, before = false }: {
    batch?: number; m: number; n: number; k: number;
    transposeA?: boolean; transposeB?: boolean; broadcastB?: boolean;
    bias?: Tensor | undefined; residual?: Tensor | undefined; activation?: Activation;
    shape: readonly number[]; before?: boolean;
  },
): { c: Tensor; before: Tensor | undefined } {
  return call(kernel, {
    inputs: { a, b, bias, residual },
    dims: { batch, m, n, k, aSize: batch * m * k, bSize: (broadcastB ? 1 : batch) * n * k },
    uniforms: {
      transposeA: Number(transposeA), transposeB: Number(transposeB), broadcastB: Number(broadcastB), activation: ACTIVATIONS[activation],
      precision: Number(halfPrecision()),
    },
    outputs: { c: shape, before: before ? shape : undefined },
  });
}

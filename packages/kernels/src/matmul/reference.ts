import { activate } from '../common/activation.ts';
import type { Sizes } from '../kernel.ts';

interface Io {
  readonly a: Float64Array; readonly b: Float64Array; readonly bias: Float64Array; readonly residual: Float64Array;
  readonly c: Float64Array; readonly before: Float64Array;
}

/** c = activation(op(a) · op(b) + bias) + residual, for each matrix of the batch; `before` = op(a) · op(b) + bias. */
export function matmulReference(
  { a, b, bias, residual, c, before }: Io,
  { batch = 1, m = 0, n = 0, k = 0 }: Sizes,
  { transposeA, transposeB, activation, broadcastB }: {
    readonly transposeA: number; readonly transposeB: number; readonly activation: number; readonly broadcastB: number;
  },
): void {
  for (let s = 0; s < batch; s++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = bias?.[j] ?? 0;
        for (let l = 0; l < k; l++) {
          const left = a[s * m * k + (transposeA ? l * m + i : i * k + l)]!;
          const right = b[(broadcastB ? 0 : s * n * k) + (transposeB ? j * k + l : l * n + j)]!;
          sum += left * right;
        }
        const at = (s * m + i) * n + j;
        if (before !== undefined) before[at] = sum;
        c[at] = activate(sum, activation) + (residual?.[at] ?? 0);
      }
    }
  }
}

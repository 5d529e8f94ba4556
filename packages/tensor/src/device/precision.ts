import { webgpuBackend } from './use-device.ts';

/** What the factors of matrix products are rounded to; sums, norms and everything that is stored stay in float32. */
export type Precision = 'f32' | 'f16';

let current: Precision = 'f32';

/**
 * Runs `fn` with matrix products of half precision, where the card has it: factors are rounded to float16 and the products summed in
 * float32. Elsewhere nothing changes. Gradients taken inside are products too.
 *
 * @example
 * ```ts
 * import { linear, tensor, useDevice, withPrecision } from '@llm/tensor';
 * await useDevice('wasm');
 * const y = withPrecision('f16', () => linear(tensor([[1, 2]]), tensor([[3, 4]])));
 * if ((await y.data())[0] !== 11) throw new Error('wrong product');
 * ```
 */
export function withPrecision<T>(precision: Precision, fn: () => T): T {
  if (precision !== 'f32' && precision !== 'f16') throw new RangeError(`withPrecision: expected 'f32' or 'f16' but found ${JSON.stringify(precision)}.`);
  const outer = current;
  current = precision;
  try {
    return fn();
  } finally {
    current = outer;
  }
}

/** Whether matrix products are of half precision now. */
export function halfPrecision(): boolean {
  return current === 'f16' && (webgpuBackend()?.halfPrecision ?? false);
}

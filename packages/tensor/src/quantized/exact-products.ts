let depth = 0;

/** Whether quantized weights are to be dequantized for their products. */
export function wantsExactProducts(): boolean {
  return depth > 0;
}

/**
 * Runs `fn` with the products of quantized weights as they are where a gradient is recorded: of the dequantized matrix in float32, not
 * of its codes with x rounded to signed bytes. For measuring what quantized weights alone cost, and for comparing with a merged model.
 *
 * @example
 * ```ts
 * import { int8, linear, quantizedWeight, tensor, useDevice, withExactProducts } from '@llm/tensor';
 * await useDevice('wasm');
 * const weight = quantizedWeight(new Float32Array(32).fill(1), { shape: [1, 32], format: int8({ blockSize: 32 }) });
 * const x = tensor([[1000, ...new Array<number>(31).fill(1)]]);
 * const [exact = 0] = withExactProducts(() => linear(x, weight)).dataSync();
 * if (Math.abs(exact - 1031) > 0.01) throw new Error('beside 1000, a step of 1000 / 127 would have lost the ones');
 * ```
 */
export function withExactProducts<T>(fn: () => T): T {
  depth++;
  try {
    return fn();
  } finally {
    depth--;
  }
}

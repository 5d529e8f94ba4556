import type { WasmDevice } from '../runtime/wasm-device.ts';

const BLOCK = 16_384;

/**
 * √(Σ over all tensors of Σ x²) of `count` floats at each address: not finite exactly when some value is not. One dispatch; squares
 * are summed in f64 by blocks of 16,384 numbers, in a fixed order. RangeError where a count is not a whole number from 0 on.
 */
export function globalNormMany(device: WasmDevice, tensors: readonly { readonly address: number; readonly count: number }[]): number {
  let rows = 0;
  for (const { count } of tensors) {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`globalNormMany: expected count to be a whole number from 0 on but found ${count}.`);
    rows += Math.ceil(count / BLOCK);
  }
  if (rows === 0) return 0;
  const table = device.heap.alloc(rows * 8);
  let partial = 0;
  try {
    partial = device.heap.alloc(rows * 8);
    const words = device.i32(table, rows * 2);
    let at = 0;
    for (const { address, count } of tensors) {
      for (let from = 0; from < count; from += BLOCK) {
        words[at++] = address + from * 4;
        words[at++] = Math.min(BLOCK, count - from);
      }
    }
    device.dispatch('globalNorm', rows, Math.max(1, Math.ceil(rows / 4000)), [table, partial]);
    const sums = new Float64Array(device.u8(partial, rows * 8).slice().buffer);
    return Math.sqrt(sums.reduce((total, sum) => total + sum, 0));
  } finally {
    device.heap.free(table);
    if (partial !== 0) device.heap.free(partial);
  }
}

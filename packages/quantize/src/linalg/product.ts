import { matMul, scope, tensor } from '@llm/tensor';
import type { Matrix } from './matrix.ts';

/** From so many multiplications on the device in use is faster than a loop, copies included. */
const DEVICE_FROM = 2 ** 21;

/**
 * A · B, or A · Bᵀ where `transposeB`: in f64 for small matrices, in f32 on the device in use for large ones.
 */
export async function product(a: Matrix, b: Matrix, { transposeB = false }: { transposeB?: boolean } = {}): Promise<Float32Array | Float64Array> {
  const n = transposeB ? b.rows : b.cols;
  if (a.rows * a.cols * n >= DEVICE_FROM) {
    const onDevice = ({ rows, cols, values }: Matrix) => tensor(Float32Array.from(values), [rows, cols]);
    const c = scope(() => matMul(onDevice(a), onDevice(b), false, transposeB));
    try {
      return await c.data() as Float32Array;
    } finally {
      c.dispose();
    }
  }
  const c = new Float64Array(a.rows * n);
  const k = a.cols;
  for (let i = 0; i < a.rows; i++) {
    if (transposeB) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += a.values[i * k + l]! * b.values[j * k + l]!;
        c[i * n + j] = sum;
      }
      continue;
    }
    for (let l = 0; l < k; l++) {
      const factor = a.values[i * k + l]!;
      if (factor !== 0) for (let j = 0, to = i * n, from = l * n; j < n; j++) c[to + j]! += factor * b.values[from + j]!;
    }
  }
  return c;
}

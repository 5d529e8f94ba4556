import type { Sizes } from '../kernel.ts';

interface Io { readonly x: Float64Array; readonly y: Float64Array }

/** y[i₀, i₁, i₂, i₃] = x with its axes in the order p₀ … p₃, as numpy.transpose has it. */
export function transposeReference(
  { x, y }: Io,
  { n0 = 0, n1 = 0, n2 = 0, n3 = 0 }: Sizes,
  { p0, p1, p2, p3 }: { readonly p0: number; readonly p1: number; readonly p2: number; readonly p3: number },
): void {
  const shape = [n0, n1, n2, n3];
  const strides = [n1 * n2 * n3, n2 * n3, n3, 1];
  let at = 0;
  for (let a = 0; a < shape[p0]!; a++) {
    for (let b = 0; b < shape[p1]!; b++) {
      for (let c = 0; c < shape[p2]!; c++) {
        for (let d = 0; d < shape[p3]!; d++) {
          y[at++] = x[a * strides[p0]! + b * strides[p1]! + c * strides[p2]! + d * strides[p3]!]!;
        }
      }
    }
  }
}

/** y[i₀, i₁, i₂, i₃] = x[s₀ + i₀, s₁ + i₁, s₂ + i₂, s₃ + i₃]. */
export function sliceReference(
  { x, y }: Io,
  { n1 = 0, n2 = 0, n3 = 0, m0 = 0, m1 = 0, m2 = 0, m3 = 0 }: Sizes,
  { s0, s1, s2, s3 }: { readonly s0: number; readonly s1: number; readonly s2: number; readonly s3: number },
): void {
  let at = 0;
  for (let a = s0; a < s0 + m0; a++) {
    for (let b = s1; b < s1 + m1; b++) {
      for (let c = s2; c < s2 + m2; c++) {
        for (let d = s3; d < s3 + m3; d++) y[at++] = x[((a * n1 + b) * n2 + c) * n3 + d]!;
      }
    }
  }
}

/** y[o, offset + i] = x[o, i]; the rest of y stays. */
export function concatReference({ x, y }: Io, { outer = 0, inner = 0, total = 0 }: Sizes, { offset }: { readonly offset: number }): void {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) y[o * total + offset + i] = x[o * inner + i]!;
}

/** y = x. */
export function copyReference({ x, y }: Io): void {
  y.set(x);
}

interface Rows { readonly target: Float64Array; readonly source: Float64Array; readonly offsets: Float64Array }

/** target[b, offsets[b] + j] = source[b, j] wherever target has such a row. */
export function writeRowsReference({ target, source, offsets }: Rows, { batch = 0, count = 0, capacity = 0, width = 0 }: Sizes): void {
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < count; j++) {
      const row = offsets[b]! + j;
      if (row < 0 || row >= capacity) continue;
      for (let c = 0; c < width; c++) target[(b * capacity + row) * width + c] = source[(b * count + j) * width + c]!;
    }
  }
}

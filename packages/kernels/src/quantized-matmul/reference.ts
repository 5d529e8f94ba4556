import type { Sizes } from '../kernel.ts';

interface Weights { readonly codes: Float64Array; readonly scale: Float64Array; readonly offset?: Float64Array | undefined }
export interface CodeUniforms { readonly bits: number; readonly blockSize: number; readonly zero: number }

/** Value `i` of the weights: (code − zero) · scale − offset, codes of `bits` bits in words with the first in the lowest bits, bytes signed. */
export function valueOf({ codes, scale, offset }: Weights, i: number, { bits, blockSize, zero }: CodeUniforms): number {
  const lanes = 32 / bits, block = Math.floor(i / blockSize);
  const raised = codes[Math.floor(i / lanes)]! << (32 - bits - bits * (i % lanes));
  const code = bits === 8 ? raised >> 24 : raised >>> 28;
  return (code - zero) * scale[block]! - (offset?.[block] ?? 0);
}

/** y = x · Wᵀ + bias + residual, as if there were no rounding. */
export function quantizedMatmulReference(
  io: Weights & { readonly x: Float64Array; readonly y: Float64Array; readonly bias?: Float64Array | undefined; readonly residual?: Float64Array | undefined },
  { m = 0, n = 0, k = 0 }: Sizes, uniforms: CodeUniforms,
): void {
  const { x, y, bias, residual } = io;
  for (let col = 0; col < n; col++) {
    const row = Float64Array.from({ length: k }, (_, i) => valueOf(io, col * k + i, uniforms));
    for (let r = 0; r < m; r++) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += x[r * k + i]! * row[i]!;
      y[r * n + col] = sum + (bias?.[col] ?? 0) + (residual?.[r * n + col] ?? 0);
    }
  }
}

/** Rows by id as floats; an id outside the table gives a row of NaN. */
export function quantizedRowsReference(
  io: Weights & { readonly ids: Float64Array; readonly y: Float64Array }, { count = 0, width = 0, rows = 0 }: Sizes, uniforms: CodeUniforms,
): void {
  for (let i = 0; i < count; i++) {
    const id = io.ids[i]!;
    for (let j = 0; j < width; j++) io.y[i * width + j] = id >= 0 && id < rows ? valueOf(io, id * width + j, uniforms) : NaN;
  }
}

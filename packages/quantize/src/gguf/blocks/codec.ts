/**
 * How one type stores rows in blocks. Numbers are rounded to 32 bits wherever llama.cpp's reference rounds them, so that the bytes are the
 * same: an `f(…)` in these files stands where a C float is assigned or computed.
 */
export interface BlockCodec {
  /** Writes the blocks of a row, or of several rows where no importance is given. Importance is one number ≥ 0 for each value of the row. */
  quantize(row: Float32Array, out: Uint8Array, importance?: Float32Array): void;
  /** Reads blocks back. */
  dequantize(blocks: Uint8Array, out: Float32Array): void;
}

/** 1/d, or 0 where d is 0 or so small that 1/d is infinite: the scale as a half float is 0 then, whatever the codes. */
export function inverse(d: number): number {
  const found = Math.fround(1 / d);
  return found === Infinity || found === -Infinity ? 0 : found;
}

/** The mean of the squares, summed in order. */
export function meanSquare(row: Float32Array, begin: number, count: number): number {
  let sum = 0;
  for (let i = begin; i < begin + count; i++) sum = Math.fround(sum + Math.fround(row[i]! * row[i]!));
  return Math.fround(sum / count);
}

/** weight = importance · √(sigma² + x²) for a block. */
export function weigh(weights: Float32Array, row: Float32Array, { importance, begin, count, sigma2 }: { importance: Float32Array; begin: number; count: number; sigma2: number }): void {
  for (let i = 0; i < count; i++) {
    const x = row[begin + i]!;
    weights[i] = importance[begin + i]! * Math.fround(Math.sqrt(Math.fround(sigma2 + Math.fround(x * x))));
  }
}

import type { Sizes } from '../kernel.ts';

interface Io {
  readonly x: Float64Array; readonly cos: Float64Array; readonly sin: Float64Array; readonly positions?: Float64Array;
  readonly y: Float64Array;
}

/** Rotates each pair (a, b) of the first 2 · half numbers of a head to (a cos θ − b sin θ, b cos θ + a sin θ), and copies the rest. */
export function ropeReference(
  { x, cos, sin, positions, y }: Io,
  { batch = 0, positions: length = 0, heads = 0, width = 0, half = 0, tablePositions = 0 }: Sizes,
  { interleaved, inverse }: { readonly interleaved: number; readonly inverse: number },
): void {
  y.set(x);
  for (let row = 0; row < batch * length; row++) {
    const position = positions?.[row] ?? row % length;
    if (position < 0 || position >= tablePositions) {
      y.fill(NaN, row * heads * width, (row + 1) * heads * width);
      continue;
    }
    for (let h = 0; h < heads; h++) {
      const head = (row * heads + h) * width;
      for (let i = 0; i < half; i++) {
        const c = cos[position * half + i]!;
        const s = sin[position * half + i]! * (inverse ? -1 : 1);
        const at = head + (interleaved ? 2 * i : i), to = head + (interleaved ? 2 * i + 1 : i + half);
        const a = x[at]!, b = x[to]!;
        y[at] = a * c - b * s;
        y[to] = b * c + a * s;
      }
    }
  }
}

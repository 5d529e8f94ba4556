/** norm = √(Σ x²). */
export function globalNormReference({ x, norm }: { readonly x: Float64Array; readonly norm: Float64Array }): void {
  norm[0] = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}

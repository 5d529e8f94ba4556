import type { Sizes } from '../kernel.ts';

/** y = value, rounded to a float. */
export function fillReference({ y }: { readonly y: Float64Array }, _dims: Sizes, { value }: { readonly value: number }): void {
  y.fill(Math.fround(value));
}

/** y = value, a whole number of 32 bits. */
export function fillInt32Reference({ y }: { readonly y: Float64Array }, _dims: Sizes, { value }: { readonly value: number }): void {
  y.fill(value | 0);
}

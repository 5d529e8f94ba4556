import type { Sizes } from '../kernel.ts';

interface Io { readonly norm: Float64Array; readonly loss: Float64Array; readonly scale: Float64Array }

/** scale = min(1, maxNorm / (norm + 1e-6)), NaN where norm or loss is not finite. */
export function clipScaleReference({ norm, loss, scale }: Io, _dims: Sizes, { maxNorm }: { readonly maxNorm: number }): void {
  scale[0] = Number.isFinite(norm[0]) && Number.isFinite(loss[0]) ? Math.min(1, maxNorm / (norm[0]! + 1e-6)) : NaN;
}

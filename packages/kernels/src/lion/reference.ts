import type { Sizes } from '../kernel.ts';

export interface LionUniforms { readonly lr: number; readonly weightDecay: number; readonly beta1: number; readonly beta2: number; readonly gradScale: number }

interface Io { readonly param: Float64Array; readonly grad: Float64Array; readonly m: Float64Array; readonly rates?: Float64Array }

/**
 * p ← p (1 − lr · weightDecay) − lr · sign(β₁ m + (1 − β₁) g), then m ← β₂ m + (1 − β₂) g; sign(0) = 0. `rates` holds a factor of lr, and
 * gradScale instead of the uniform; where that is NaN nothing changes.
 */
export function lionReference(
  { param, grad, m, rates }: Io, { count = 0 }: Sizes, { lr: factor, weightDecay, beta1, beta2, gradScale }: LionUniforms,
): void {
  const [given, scale] = rates ?? [1, gradScale];
  if (rates !== undefined && Number.isNaN(scale)) return;
  const lr = factor * given!;
  for (let i = 0; i < count; i++) {
    const g = grad[i]! * scale!;
    param[i] = param[i]! * (1 - lr * weightDecay) - lr * Math.sign(beta1 * m[i]! + (1 - beta1) * g);
    m[i] = beta2 * m[i]! + (1 - beta2) * g;
  }
}

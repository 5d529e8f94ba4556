import type { Sizes } from '../kernel.ts';

export interface LionUniforms { readonly lr: number; readonly weightDecay: number; readonly beta1: number; readonly beta2: number; readonly gradScale: number }

interface Io { readonly param: Float64Array; readonly grad: Float64Array; readonly m: Float64Array }

/** p ← p (1 − lr · weightDecay) − lr · sign(β₁ m + (1 − β₁) g), then m ← β₂ m + (1 − β₂) g; sign(0) = 0. */
export function lionReference({ param, grad, m }: Io, { count = 0 }: Sizes, { lr, weightDecay, beta1, beta2, gradScale }: LionUniforms): void {
  for (let i = 0; i < count; i++) {
    const g = grad[i]! * gradScale;
    param[i] = param[i]! * (1 - lr * weightDecay) - lr * Math.sign(beta1 * m[i]! + (1 - beta1) * g);
    m[i] = beta2 * m[i]! + (1 - beta2) * g;
  }
}

import type { Sizes } from '../kernel.ts';

interface Io {
  readonly param: Float64Array; readonly grad: Float64Array; readonly m: Float64Array; readonly v: Float64Array; readonly rates?: Float64Array;
}

export interface AdamwUniforms {
  readonly lr: number; readonly weightDecay: number; readonly beta1: number; readonly beta2: number;
  readonly eps: number; readonly step: number; readonly gradScale: number;
}

/**
 * One step with decoupled weight decay, in place; `step` counts from 1. `rates` holds a factor of lr, 1 − β₁ᵗ, 1 − β₂ᵗ and gradScale, and
 * stands in for step and gradScale; where its gradScale is NaN nothing changes.
 */
export function adamwReference(
  { param, grad, m, v, rates }: Io, { count = 0 }: Sizes, { lr: factor, weightDecay, beta1, beta2, eps, step, gradScale }: AdamwUniforms,
): void {
  const [given, correction1, correction2, scale] = rates ?? [1, 1 - beta1 ** step, 1 - beta2 ** step, gradScale];
  if (rates !== undefined && Number.isNaN(scale)) return;
  const lr = factor * given!;
  for (let i = 0; i < count; i++) {
    const g = grad[i]! * scale!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    param[i] = param[i]! * (1 - lr * weightDecay) - (lr * (m[i]! / correction1!)) / (Math.sqrt(v[i]! / correction2!) + eps);
  }
}

import { adamw as kernel, adamwMany } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { addressOf } from '../device/address.ts';
import { call } from '../device/call.ts';
import { wasmBackend } from '../device/use-device.ts';

/** One parameter with its gradient, its two moments and its own rates. */
export interface AdamwEntry {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
  readonly lr: number;
  readonly weightDecay: number;
}

/**
 * One AdamW step over many tensors in one pass, in place.
 *
 *   m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  p ← p (1 − lr · decay) − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + eps)
 *
 * where g is the gradient times `gradScale` and t = `step` counts from 1. Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101
 */
export function adamwUpdate(
  entries: readonly AdamwEntry[],
  { beta1, beta2, eps, step, gradScale = 1 }: { beta1: number; beta2: number; eps: number; step: number; gradScale?: number },
): void {
  const backend = wasmBackend();
  if (backend !== undefined) {
    adamwMany(backend.device, entries.map(({ param, grad, m, v, lr, weightDecay }) => ({
      param: addressOf(param), grad: addressOf(grad), m: addressOf(m), v: addressOf(v), count: param.size, lr, weightDecay,
    })), { beta1, beta2, eps, step, gradScale });
    return;
  }
  for (const { param, grad, m, v, lr, weightDecay } of entries) {
    call(kernel, {
      inputs: { param, grad, m, v }, dims: { count: param.size },
      uniforms: { lr, weightDecay, beta1, beta2, eps, step, gradScale }, outputs: { param: true, m: true, v: true },
    });
  }
}

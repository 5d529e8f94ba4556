import { lion as kernel } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { call } from '../device/call.ts';

/**
 * One Lion step in place.
 *
 *   p ← p (1 − lr · decay) − lr · sign(β₁ m + (1 − β₁) g);  m ← β₂ m + (1 − β₂) g
 *
 * where g is the gradient times `gradScale`. Chen et al. 2023, https://arxiv.org/abs/2302.06675
 */
export function lionUpdate(
  { param, grad, m }: { param: Tensor; grad: Tensor; m: Tensor },
  uniforms: { lr: number; weightDecay: number; beta1: number; beta2: number; gradScale?: number },
): void {
  call(kernel, { inputs: { param, grad, m }, dims: { count: param.size }, uniforms, outputs: { param: true, m: true } });
}

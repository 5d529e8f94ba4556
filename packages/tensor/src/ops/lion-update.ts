import { lion as kernel } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { withScale } from './adamw-update.ts';
import { call } from '../device/call.ts';

/**
 * One Lion step in place.
 *
 *   p ← p (1 − lr · decay) − lr · sign(β₁ m + (1 − β₁) g);  m ← β₂ m + (1 − β₂) g
 *
 * where g is the gradient times `gradScale`. `gradScale` and `rates` [lr] may be tensors as in `adamwUpdate`. Chen et al. 2023, https://arxiv.org/abs/2302.06675
 */
export function lionUpdate(
  { param, grad, m }: { param: Tensor; grad: Tensor; m: Tensor },
  { gradScale = 1, rates, ...uniforms }: {
    lr: number; weightDecay: number; beta1: number; beta2: number; gradScale?: number | Tensor; rates?: Tensor | undefined;
  },
): void {
  call(kernel, {
    inputs: { param, grad, m, rates: withScale('lionUpdate', gradScale, rates) }, dims: { count: param.size, rateCount: 2 },
    uniforms: { ...uniforms, gradScale: typeof gradScale === 'number' ? gradScale : 1 }, outputs: { param: true, m: true },
  });
}

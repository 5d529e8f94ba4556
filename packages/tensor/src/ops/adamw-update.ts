import { adamw as kernel, adamwMany } from '@llm/kernels';
import { concat, reshape, type Tensor } from '@tensorflow/tfjs-core';
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
 * where g is the gradient times `gradScale` and t = `step` counts from 1. On a graphics card `gradScale` may be a tensor and
 * `rates` [lr, 1 − β₁ᵗ, 1 − β₂ᵗ], which multiplies the entries' lr and takes the place of `step`; then nothing changes where
 * `gradScale` is NaN. Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101
 */
export function adamwUpdate(
  entries: readonly AdamwEntry[],
  { beta1, beta2, eps, step, gradScale = 1, rates }: {
    beta1: number; beta2: number; eps: number; step: number; gradScale?: number | Tensor; rates?: Tensor | undefined;
  },
): void {
  const backend = wasmBackend();
  if (backend !== undefined && typeof gradScale === 'number' && rates === undefined) {
    adamwMany(backend.device, entries.map(({ param, grad, m, v, lr, weightDecay }) => ({
      param: addressOf(param), grad: addressOf(grad), m: addressOf(m), v: addressOf(v), count: param.size, lr, weightDecay,
    })), { beta1, beta2, eps, step, gradScale });
    return;
  }
  const varying = withScale('adamwUpdate', gradScale, rates);
  for (const { param, grad, m, v, lr, weightDecay } of entries) {
    call(kernel, {
      inputs: { param, grad, m, v, rates: varying }, dims: { count: param.size, rateCount: 4 },
      uniforms: { lr, weightDecay, beta1, beta2, eps, step, gradScale: typeof gradScale === 'number' ? gradScale : 1 },
      outputs: { param: true, m: true, v: true },
    });
  }
}

/** The rates with the scale behind them, as the kernels take both, or undefined where the scale is a number. */
export function withScale(name: string, gradScale: number | Tensor, rates: Tensor | undefined): Tensor | undefined {
  if (typeof gradScale === 'number' && rates === undefined) return undefined;
  if (typeof gradScale === 'number' || rates === undefined) throw new TypeError(`${name}: expected rates and gradScale to be tensors together but found only one of them.`);
  return concat([rates, reshape(gradScale, [1])], 0);
}

import type { WasmDevice } from '../runtime/wasm-device.ts';

/** A parameter with its gradient and its two moments, as addresses of `count` floats, and its own rates. */
export interface AdamwTensor {
  readonly param: number;
  readonly grad: number;
  readonly m: number;
  readonly v: number;
  readonly count: number;
  readonly lr: number;
  readonly weightDecay: number;
}

export interface AdamwOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Counts from 1. */
  readonly step: number;
  /** Multiplies every gradient, for clipping; default 1. */
  readonly gradScale?: number;
}

const CHUNK = 65_536;
const ROW_WORDS = 8;

/**
 * One AdamW step over many tensors, in place and in one dispatch.
 *
 *   m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  p ← p (1 − lr · weightDecay) − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps)
 *
 * where g is the gradient times gradScale and t the step. RangeError where the step is not a whole number from 1 on or a count is
 * not one from 0 on. Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101
 */
export function adamwMany(
  device: WasmDevice, tensors: readonly AdamwTensor[], { beta1, beta2, eps, step, gradScale = 1 }: AdamwOptions,
): void {
  if (!Number.isInteger(step) || step < 1) throw new RangeError(`adamwMany: expected step to be a whole number from 1 on but found ${step}.`);
  adamwCorrected(device, tensors, { beta1, beta2, eps, correction1: 1 - beta1 ** step, correction2: 1 - beta2 ** step, gradScale });
}

/** The same with 1 − β₁ᵗ and 1 − β₂ᵗ given instead of the step. */
export function adamwCorrected(
  device: WasmDevice, tensors: readonly AdamwTensor[],
  { beta1, beta2, eps, correction1, correction2, gradScale }: Required<Omit<AdamwOptions, 'step'>> & { readonly correction1: number; readonly correction2: number },
): void {
  let rows = 0;
  for (const { count } of tensors) {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`adamwMany: expected count to be a whole number from 0 on but found ${count}.`);
    rows += Math.ceil(count / CHUNK);
  }
  if (rows === 0) return;
  const table = device.heap.alloc(rows * ROW_WORDS * 4);
  try {
    const words = device.i32(table, rows * ROW_WORDS);
    const floats = device.f32(table, rows * ROW_WORDS);
    let at = 0;
    for (const { param, grad, m, v, count, lr, weightDecay } of tensors) {
      for (let from = 0; from < count; from += CHUNK) {
        words.set([param + from * 4, grad + from * 4, m + from * 4, v + from * 4, Math.min(CHUNK, count - from)], at);
        floats[at + 5] = 1 - lr * weightDecay;
        floats[at + 6] = lr / correction1;
        at += ROW_WORDS;
      }
    }
    device.dispatch('adamw', rows, Math.ceil(rows / 4000), [table, 1 - beta1, beta2, 1 - beta2, eps, 1 / Math.sqrt(correction2), gradScale]);
  } finally {
    device.heap.free(table);
  }
}

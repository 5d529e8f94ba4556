import type { Sizes } from '../kernel.ts';

interface DirectionIo { readonly momentum: Float64Array; readonly grad: Float64Array; readonly directions: Float64Array; readonly rates?: Float64Array }

/** b ← β b + (1 − β) g and, from `offset` on, directions = (1 − β) g + β b with `nesterov`, else b; nothing where the rates' gradScale is NaN. */
export function muonDirectionReference(
  { momentum, grad, directions, rates }: DirectionIo, { count = 0 }: Sizes,
  { beta, nesterov, offset, gradScale }: { readonly beta: number; readonly nesterov: number; readonly offset: number; readonly gradScale: number },
): void {
  const scale = rates?.[1] ?? gradScale;
  if (rates !== undefined && Number.isNaN(scale)) return;
  for (let i = 0; i < count; i++) {
    const push = (1 - beta) * grad[i]! * scale;
    momentum[i] = beta * momentum[i]! + push;
    directions[offset + i] = nesterov === 0 ? momentum[i]! : push + beta * momentum[i]!;
  }
}

interface StepIo { readonly param: Float64Array; readonly directions: Float64Array; readonly rates?: Float64Array }

/** p ← p (1 − lr · weightDecay) − lr · factor · directions, from `offset` on; nothing where the rates' gradScale is NaN. */
export function muonStepReference(
  { param, directions, rates }: StepIo, { count = 0 }: Sizes,
  { lr, weightDecay, factor, offset }: { readonly lr: number; readonly weightDecay: number; readonly factor: number; readonly offset: number },
): void {
  const [given, gradScale] = rates ?? [1, 1];
  if (Number.isNaN(gradScale)) return;
  const rate = lr * given!;
  for (let i = 0; i < count; i++) param[i] = param[i]! * (1 - rate * weightDecay) - rate * factor * directions[offset + i]!;
}

// The activations that epilogues, gated MLPs and elementwise kernels share, by the code that activation.ts lists.
import { exp, fma, sigmoid, tanh } from './simd.as';

/** erf(x) within 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
// @ts-ignore: decorator
@inline
function erf(x: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, fma(f32x4.splat(0.3275911), f32x4.abs(x), one));
  let p = f32x4.splat(1.061405429);
  p = fma(p, t, f32x4.splat(-1.453152027));
  p = fma(p, t, f32x4.splat(1.421413741));
  p = fma(p, t, f32x4.splat(-0.284496736));
  p = fma(p, t, f32x4.splat(0.254829592));
  const magnitude = f32x4.sub(one, f32x4.mul(f32x4.mul(p, t), exp(f32x4.neg(f32x4.mul(x, x)))));
  return v128.or(magnitude, v128.and(x, f32x4.splat(-0.0)));
}

/** √(2/π) (x + 0.044715 x³). */
// @ts-ignore: decorator
@inline
function geluInner(x: v128): v128 {
  return f32x4.mul(f32x4.mul(f32x4.splat(0.7978845608), x), fma(f32x4.mul(x, x), f32x4.splat(0.044715), f32x4.splat(1)));
}

/** f(x): 1 GELU (tanh), 2 GELU (erf), 3 SiLU, 4 ReLU, 5 ReLU². */
export function activate(x: v128, activation: i32): v128 {
  if (activation == 1) return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(f32x4.splat(1), tanh(geluInner(x))));
  if (activation == 2) {
    return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(f32x4.splat(1), erf(f32x4.mul(x, f32x4.splat(0.7071067812)))));
  }
  if (activation == 3) return f32x4.mul(x, sigmoid(x));
  const positive = f32x4.max(x, f32x4.splat(0));
  return activation == 4 ? positive : f32x4.mul(positive, positive);
}

/** f′(x) for the same codes. */
export function activateDerivative(x: v128, activation: i32): v128 {
  const one = f32x4.splat(1), half = f32x4.splat(0.5), zero = f32x4.splat(0);
  if (activation == 1) {
    const t = tanh(geluInner(x));
    const inner = f32x4.mul(f32x4.splat(0.7978845608), fma(f32x4.mul(x, x), f32x4.splat(0.134145), one));
    return f32x4.mul(half, f32x4.add(f32x4.add(one, t), f32x4.mul(f32x4.mul(x, f32x4.sub(one, f32x4.mul(t, t))), inner)));
  }
  if (activation == 2) {
    const cdf = f32x4.mul(half, f32x4.add(one, erf(f32x4.mul(x, f32x4.splat(0.7071067812)))));
    const pdf = f32x4.mul(f32x4.splat(0.3989422804), exp(f32x4.mul(f32x4.splat(-0.5), f32x4.mul(x, x))));
    return fma(x, pdf, cdf);
  }
  if (activation == 3) {
    const s = sigmoid(x);
    return f32x4.mul(s, fma(x, f32x4.sub(one, s), one));
  }
  const positive = f32x4.gt(x, zero);
  return v128.and(positive, activation == 4 ? one : f32x4.add(x, x));
}

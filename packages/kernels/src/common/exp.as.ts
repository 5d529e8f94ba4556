// exp and what follows from it, for the operations that stand alone; exp2.as.ts is the faster one.
import { fma } from './simd.as';

/**
 * exp(x) within two units in the last place: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial in r, then 2ⁿ by the exponent
 * bits. Below −87.3 the result is 0, above 88.7 it is the largest finite power; NaN stays NaN.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const low = f32x4.splat(-87.33654), high = f32x4.splat(88.72283);
  const clamped = f32x4.pmin(f32x4.pmax(x, low), high);
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  let r = fma(n, f32x4.splat(-0.693359375), clamped);
  r = fma(n, f32x4.splat(2.12194440e-4), r);
  let p = f32x4.splat(1.9875691500e-4);
  p = fma(p, r, f32x4.splat(1.3981999507e-3));
  p = fma(p, r, f32x4.splat(8.3334519073e-3));
  p = fma(p, r, f32x4.splat(4.1665795894e-2));
  p = fma(p, r, f32x4.splat(1.6666665459e-1));
  p = fma(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(fma(p, f32x4.mul(r, r), r), f32x4.splat(1));
  // 2ⁿ in two factors, since n reaches 128 at the top.
  const exponent = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(exponent, 1);
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(exponent, half), i32x4.splat(127)), 23);
  const result = f32x4.mul(f32x4.mul(p, first), second);
  return v128.bitselect(f32x4.splat(0), result, f32x4.lt(x, low));
}

/** tanh(x) = 1 − 2 / (exp(2x) + 1). */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(x, x)), one)));
}

/** tanh(x) also where |x| is small, where 1 − 2 / (exp(2x) + 1) would cancel. */
// @ts-ignore: decorator
@inline
export function preciseTanh(x: v128): v128 {
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = fma(p, square, f32x4.splat(2.06390887954e-2));
  p = fma(p, square, f32x4.splat(-5.37397155531e-2));
  p = fma(p, square, f32x4.splat(1.33314422036e-1));
  p = fma(p, square, f32x4.splat(-3.33332819422e-1));
  const near = fma(f32x4.mul(p, square), x, x);
  return v128.bitselect(near, tanh(x), f32x4.lt(f32x4.abs(x), f32x4.splat(0.625)));
}

/** 1 / (1 + exp(−x)). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

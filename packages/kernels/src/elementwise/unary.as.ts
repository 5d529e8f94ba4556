// y = f(x): the operation is a constant where `span` is called, so that each has its own loop.
import { exp, preciseTanh, sigmoid } from '../common/exp.as';
import { fma, loadPartial, storePartial } from '../common/simd.as';

/**
 * ln x within two units in the last place: x = 2ᵉ · m with m in [√½, √2), then a polynomial in m − 1 and e · ln 2 in two parts.
 * ln 0 is −∞, of a negative number NaN; subnormals count.
 */
// @ts-ignore: decorator
@inline
function log(x: v128): v128 {
  const one = f32x4.splat(1);
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // Taking the bits of √½ off first puts the mantissa into [√½, √2) and the exponent beside it.
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const exponent = i32x4.sub(i32x4.shr_s(shifted, 23), v128.and(tiny, i32x4.splat(23)));
  const m = f32x4.sub(i32x4.add(v128.and(shifted, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3)), one);
  const e = f32x4.convert_i32x4_s(exponent);
  const square = f32x4.mul(m, m);
  let p = f32x4.splat(7.0376836292e-2);
  p = fma(p, m, f32x4.splat(-1.1514610310e-1));
  p = fma(p, m, f32x4.splat(1.1676998740e-1));
  p = fma(p, m, f32x4.splat(-1.2420140846e-1));
  p = fma(p, m, f32x4.splat(1.4249322787e-1));
  p = fma(p, m, f32x4.splat(-1.6668057665e-1));
  p = fma(p, m, f32x4.splat(2.0000714765e-1));
  p = fma(p, m, f32x4.splat(-2.4999993993e-1));
  p = fma(p, m, f32x4.splat(3.3333331174e-1));
  let rest = f32x4.mul(f32x4.mul(m, square), p);
  rest = fma(e, f32x4.splat(-2.12194440e-4), rest);
  rest = fma(square, f32x4.splat(-0.5), rest);
  let result = fma(e, f32x4.splat(0.693359375), f32x4.add(m, rest));
  const infinity = f32x4.splat(Infinity);
  result = v128.bitselect(infinity, result, f32x4.eq(x, infinity));
  result = v128.bitselect(f32x4.neg(infinity), result, f32x4.eq(x, f32x4.splat(0)));
  // False for NaN and for negative numbers.
  return v128.bitselect(result, f32x4.splat(NaN), f32x4.ge(x, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function apply(op: i32, x: v128, a: v128, b: v128): v128 {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  if (op == 0) return f32x4.neg(x);
  if (op == 1) return f32x4.mul(x, x);
  if (op == 2) return f32x4.sqrt(x);
  if (op == 3) return f32x4.div(one, f32x4.sqrt(x));
  if (op == 4) return v128.bitselect(f32x4.splat(Infinity), exp(x), f32x4.gt(x, f32x4.splat(88.722839)));
  if (op == 5) return log(x);
  if (op == 6) return f32x4.abs(x);
  if (op == 7) return preciseTanh(x);
  if (op == 8) return sigmoid(x);
  if (op == 9) return f32x4.div(one, x);
  if (op == 10) return v128.bitselect(v128.bitselect(one, b, f32x4.gt(x, zero)), x, f32x4.eq(x, x));
  if (op == 11) return f32x4.max(x, zero);
  return fma(x, a, b);
}

// @ts-ignore: decorator
@inline
function span(op: i32, x: usize, y: usize, count: i32, a: v128, b: v128): void {
  for (; count >= 4; count -= 4) { v128.store(y, apply(op, v128.load(x), a, b)); x += 16; y += 16; }
  if (count > 0) storePartial(y, apply(op, loadPartial(x, count), a, b), count);
}

/** Elements [begin, end). */
export function unary(begin: i32, end: i32, x: usize, y: usize, op: i32, scale: f32, shift: f32): void {
  const from = x + (<usize>begin << 2), to = y + (<usize>begin << 2), count = end - begin;
  const a = f32x4.splat(scale), b = f32x4.splat(shift);
  if (op == 0) span(0, from, to, count, a, b);
  else if (op == 1) span(1, from, to, count, a, b);
  else if (op == 2) span(2, from, to, count, a, b);
  else if (op == 3) span(3, from, to, count, a, b);
  else if (op == 4) span(4, from, to, count, a, b);
  else if (op == 5) span(5, from, to, count, a, b);
  else if (op == 6) span(6, from, to, count, a, b);
  else if (op == 7) span(7, from, to, count, a, b);
  else if (op == 8) span(8, from, to, count, a, b);
  else if (op == 9) span(9, from, to, count, a, b);
  else if (op == 10) span(10, from, to, count, a, b);
  else if (op == 11) span(11, from, to, count, a, b);
  else span(12, from, to, count, a, b);
}

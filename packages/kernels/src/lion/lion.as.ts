import { fma, loadPartial, storePartial } from '../common/simd.as';

/** −1, 0 or 1 by the sign of each lane; NaN stays NaN, so that a broken gradient shows. */
// @ts-ignore: decorator
@inline
function sign(x: v128): v128 {
  const zero = f32x4.splat(0);
  const one = v128.or(f32x4.splat(1), v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(x, one, v128.or(f32x4.eq(x, zero), f32x4.ne(x, x)));
}

/** Numbers [begin, end) of param, grad and m: a Lion step in place; `decay` is 1 − lr · weightDecay. */
export function lion(
  begin: i32, end: i32, param: usize, grad: usize, m: usize, lrValue: f32, decayValue: f32, beta1Value: f32, beta2Value: f32, gradScale: f32,
): void {
  const lr = f32x4.splat(-lrValue), decay = f32x4.splat(decayValue), scale = f32x4.splat(gradScale);
  const beta1 = f32x4.splat(beta1Value), rest1 = f32x4.splat(1 - beta1Value);
  const beta2 = f32x4.splat(beta2Value), rest2 = f32x4.splat(1 - beta2Value);
  const at = <usize>begin << 2;
  let p = param + at, g = grad + at, q = m + at, left = end - begin;
  for (; left >= 4; left -= 4) {
    const gradient = f32x4.mul(v128.load(g), scale), momentum = v128.load(q);
    const direction = sign(fma(momentum, beta1, f32x4.mul(gradient, rest1)));
    v128.store(p, fma(direction, lr, f32x4.mul(v128.load(p), decay)));
    v128.store(q, fma(momentum, beta2, f32x4.mul(gradient, rest2)));
    p += 16; g += 16; q += 16;
  }
  if (left > 0) {
    const gradient = f32x4.mul(loadPartial(g, left), scale), momentum = loadPartial(q, left);
    const direction = sign(fma(momentum, beta1, f32x4.mul(gradient, rest1)));
    storePartial(p, fma(direction, lr, f32x4.mul(loadPartial(p, left), decay)), left);
    storePartial(q, fma(momentum, beta2, f32x4.mul(gradient, rest2)), left);
  }
}

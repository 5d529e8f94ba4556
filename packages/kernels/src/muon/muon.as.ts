import { fma, loadPartial, storePartial } from '../common/simd.as';

/** Numbers [begin, end) of momentum, grad and directions: b ← β b + (1 − β) g, and (1 − β) g + β b with `nesterov`, else b. */
export function muonDirection(
  begin: i32, end: i32, momentum: usize, grad: usize, directions: usize, betaValue: f32, restValue: f32, nesterov: i32,
): void {
  const beta = f32x4.splat(betaValue), rest = f32x4.splat(restValue);
  const at = <usize>begin << 2;
  let b = momentum + at, g = grad + at, d = directions + at, left = end - begin;
  for (; left >= 4; left -= 4) {
    const push = f32x4.mul(v128.load(g), rest), next = fma(v128.load(b), beta, push);
    v128.store(b, next);
    v128.store(d, nesterov ? fma(next, beta, push) : next);
    b += 16; g += 16; d += 16;
  }
  if (left > 0) {
    const push = f32x4.mul(loadPartial(g, left), rest), next = fma(loadPartial(b, left), beta, push);
    storePartial(b, next, left);
    storePartial(d, nesterov ? fma(next, beta, push) : next, left);
  }
}

/** Numbers [begin, end) of param and directions: p ← p · decay − rate · d. */
export function muonStep(begin: i32, end: i32, param: usize, directions: usize, decayValue: f32, rateValue: f32): void {
  const decay = f32x4.splat(decayValue), rate = f32x4.splat(-rateValue);
  const at = <usize>begin << 2;
  let p = param + at, d = directions + at, left = end - begin;
  for (; left >= 4; left -= 4) {
    v128.store(p, fma(v128.load(d), rate, f32x4.mul(v128.load(p), decay)));
    p += 16; d += 16;
  }
  if (left > 0) storePartial(p, fma(loadPartial(d, left), rate, f32x4.mul(loadPartial(p, left), decay)), left);
}

// Powers of 2 with their constants in memory, and log₂: the fast way for softmax and the activations. exp(x) as 2^(x · log₂ e)
// is off by |x| / 2 units in the last place besides, since the product is rounded; exp.as.ts is not.
import { fma, scratch, SCRATCH_BYTES } from './simd.as';

/**
 * Writes the constants of exp2 to the end of scratch memory and returns where they are. Engines build a constant
 * vector anew at every use, in three instructions; a broadcast from memory takes one.
 */
export function exp2Constants(): usize {
  const at = scratch + SCRATCH_BYTES - 64;
  store<f32>(at, -127);
  store<f32>(at, 12582912, 4); // 1.5 · 2²³: adding it rounds to a whole number and leaves that in the low bits
  store<f32>(at, 1.540353039e-4, 8);
  store<f32>(at, 1.340028880e-3, 12);
  store<f32>(at, 9.618129107e-3, 16);
  store<f32>(at, 5.550327460e-2, 20);
  store<f32>(at, 2.402265070e-1, 24);
  store<f32>(at, 6.931472067e-1, 28);
  store<f32>(at, 1, 32);
  return at;
}

/** 2ˣ for x ≤ 126 within 2 units in the last place; 0 from −127 on down, so that a masked score needs no branch. */
// @ts-ignore: decorator
@inline
export function exp2(x: v128, constants: usize): v128 {
  const clamped = f32x4.pmax(x, v128.load32_splat(constants));
  const shifted = f32x4.add(clamped, v128.load32_splat(constants, 4));
  const r = f32x4.sub(clamped, f32x4.sub(shifted, v128.load32_splat(constants, 4)));
  let p = v128.load32_splat(constants, 8);
  p = fma(p, r, v128.load32_splat(constants, 12));
  p = fma(p, r, v128.load32_splat(constants, 16));
  p = fma(p, r, v128.load32_splat(constants, 20));
  p = fma(p, r, v128.load32_splat(constants, 24));
  p = fma(p, r, v128.load32_splat(constants, 28));
  p = fma(p, r, v128.load32_splat(constants, 32));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** log₂ x for x > 0, by the exponent and the series of 2 artanh((m − 1) / (m + 1)), in f64. */
export function log2(x: f32): f64 {
  const bits = reinterpret<u64>(<f64>x);
  let exponent = <f64>(<i32>(bits >> 52) - 1023);
  let mantissa = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  if (mantissa > 1.4142135623730951) { mantissa *= 0.5; exponent += 1; }
  const s = (mantissa - 1) / (mantissa + 1), t = s * s;
  const series = 1 + t * (1 / 3.0 + t * (1 / 5.0 + t * (1 / 7.0 + t * (1 / 9.0 + t * (1 / 11.0)))));
  return exponent + 2.8853900817779268 * s * series;
}

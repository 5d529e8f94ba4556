// What modules that gpu.js makes of portable functions import: functions of Math for four lanes, and inputs that repeat.
import { fma } from '../common/simd.as';

// Constants in memory: engines build a constant vector anew at every use, in three instructions; a broadcast takes one.
const EXP = memory.data<f32>([
  -87, 88.72283, 1.44269504, 12582912, -0.693359375, 2.12194440e-4,
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, Infinity,
]);
const TANH = memory.data<f32>([
  9, 1, -0.0,
  1.3354779504e-8, 2.0609177227e-5, 3.4955942543e-3, 0.1338103116, 1,
  7.7766094364e-7, 3.2856446342e-4, 2.5877006352e-2, 0.4671434760, 1,
]);
const LOG = memory.data<f32>([
  7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
  -2.4999993993e-1, 3.3333331174e-1, -2.12194440e-4, 0.693359375, 1, 1.17549435e-38, 8388608,
]);

// @ts-ignore: decorator
@inline
function constant(table: usize, at: usize): v128 { return v128.load32_splat(table + (at << 2)); }

/** exp(x) within two units in the last place: 0 below −87, infinite above 88.7, NaN for NaN. */
export function portableExp(x: v128): v128 {
  const low = constant(EXP, 0), high = constant(EXP, 1);
  const clamped = f32x4.pmin(f32x4.pmax(x, low), high);
  // The nearest whole number of halvings, in the low bits of a sum with 1.5 · 2²³.
  const shifted = f32x4.add(f32x4.mul(clamped, constant(EXP, 2)), constant(EXP, 3));
  const n = f32x4.sub(shifted, constant(EXP, 3));
  let r = fma(n, constant(EXP, 4), clamped);
  r = fma(n, constant(EXP, 5), r);
  let p = fma(constant(EXP, 6), r, constant(EXP, 7));
  p = fma(p, r, constant(EXP, 8));
  p = fma(p, r, constant(EXP, 9));
  p = fma(p, r, constant(EXP, 10));
  p = fma(p, r, constant(EXP, 11));
  p = f32x4.add(fma(p, f32x4.mul(r, r), r), constant(EXP, 12));
  let y = i32x4.add(p, i32x4.shl(shifted, 23));
  y = v128.andnot(y, f32x4.lt(x, low));
  y = v128.bitselect(constant(EXP, 13), y, f32x4.gt(x, high));
  return v128.bitselect(x, y, f32x4.ne(x, x));
}

/** tanh(x) as a quotient of polynomials, within six units in the last place; 1 and −1 from 9 and −9 on, and never beyond. */
export function portableTanh(x: v128): v128 {
  const m = f32x4.abs(x), one = constant(TANH, 1);
  const z = f32x4.mul(m, m);
  let p = fma(constant(TANH, 3), z, constant(TANH, 4));
  p = fma(p, z, constant(TANH, 5));
  p = fma(p, z, constant(TANH, 6));
  p = fma(p, z, constant(TANH, 7));
  let q = fma(constant(TANH, 8), z, constant(TANH, 9));
  q = fma(q, z, constant(TANH, 10));
  q = fma(q, z, constant(TANH, 11));
  q = fma(q, z, constant(TANH, 12));
  const y = f32x4.pmin(f32x4.div(f32x4.mul(m, p), q), one);
  return v128.or(v128.bitselect(one, y, f32x4.ge(m, constant(TANH, 0))), v128.and(x, constant(TANH, 2)));
}

/** ln(x) within two units in the last place: −∞ for 0, NaN below. */
export function portableLog(x: v128): v128 {
  const tiny = f32x4.lt(x, constant(LOG, 12));
  const normal = v128.bitselect(f32x4.mul(x, constant(LOG, 13)), x, tiny);
  // The mantissa in [√½, √2) and the exponent that goes with it.
  const shifted = i32x4.sub(normal, i32x4.splat(0x3f3504f3));
  const e = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23)), v128.and(tiny, f32x4.splat(23)));
  const m = f32x4.sub(i32x4.add(v128.and(shifted, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3)), constant(LOG, 11));
  const z = f32x4.mul(m, m);
  let p = fma(m, constant(LOG, 0), constant(LOG, 1));
  for (let i: usize = 2; i < 9; i++) p = fma(p, m, constant(LOG, i));
  let y = f32x4.mul(f32x4.mul(p, m), z);
  y = fma(e, constant(LOG, 9), y);
  y = fma(z, f32x4.splat(-0.5), y);
  y = fma(e, constant(LOG, 10), f32x4.add(m, y));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  return v128.bitselect(y, f32x4.splat(NaN), f32x4.ge(x, f32x4.splat(0)));
}

/** The elements (i / divisor) mod size of an input, for i = cell … cell + 3. */
export function portableGather(base: usize, cell: u32, divisor: u32, size: u32): v128 {
  const first = divisor == 1 ? cell : cell / divisor, at = first < size ? first : first % size;
  if (divisor == 1) {
    if (at + 4 <= size) return v128.load(base + (<usize>at << 2));
  } else if (cell - first * divisor + 4 <= divisor) {
    return v128.load32_splat(base + (<usize>at << 2));
  }
  let x = v128.load32_splat(base + (<usize>at << 2));
  x = f32x4.replace_lane(x, 1, load<f32>(base + (<usize>(((cell + 1) / divisor) % size) << 2)));
  x = f32x4.replace_lane(x, 2, load<f32>(base + (<usize>(((cell + 2) / divisor) % size) << 2)));
  return f32x4.replace_lane(x, 3, load<f32>(base + (<usize>(((cell + 3) / divisor) % size) << 2)));
}

// Activations as x times a weight between 0 and 1, so that value and slope share one power: σ(x) for SiLU,
// σ(2 √(2/π) (x + 0.044715 x³)) for GELU by tanh, Φ(x) for GELU. `code` is a constant where these are inlined.
import { fma, scratch, SCRATCH_BYTES } from './simd.as';
import { exp2Constants, exp2 } from './exp2.as';

/** Writes the constants below those of exp2 in scratch memory, since engines build constant vectors anew at every use. */
export function activationConstants(): usize {
  exp2Constants();
  const at = scratch + SCRATCH_BYTES - 192;
  store<f32>(at, -1.44269504); // −log₂ e
  store<f32>(at, 126, 4);
  store<f32>(at, -2.302208198, 8); // −2 √(2/π) log₂ e, and times 0.044715
  store<f32>(at, -0.1029432396, 12);
  store<f32>(at, 1.595769122, 16); // 2 √(2/π), and times 3 · 0.044715
  store<f32>(at, 0.2140644488, 20);
  store<f32>(at, 100, 24);
  store<f32>(at, -100, 28);
  store<f32>(at, 0.2316418882, 32); // 0.3275911 / √2, then half of each coefficient of erf
  store<f32>(at, 0.127414796, 36);
  store<f32>(at, -0.142248368, 40);
  store<f32>(at, 0.7107068705, 44);
  store<f32>(at, -0.7265760135, 48);
  store<f32>(at, 0.5307027145, 52);
  store<f32>(at, -0.7213475204, 56); // −log₂ e / 2
  store<f32>(at, 0.3989422804, 60); // 1 / √(2π)
  store<f32>(at, 1, 64);
  return at;
}

// @ts-ignore: decorator
@inline
function power(x: v128, constants: usize): v128 { return exp2(x, constants + 128); }

/** 1 / (1 + 2ˣ). */
// @ts-ignore: decorator
@inline
function logistic(x: v128, constants: usize): v128 {
  const one = v128.load32_splat(constants, 64);
  return f32x4.div(one, f32x4.add(one, power(f32x4.pmin(x, v128.load32_splat(constants, 4)), constants)));
}

/** exp(−x² / 2). */
// @ts-ignore: decorator
@inline
function bell(x: v128, constants: usize): v128 {
  return power(f32x4.mul(f32x4.mul(x, x), v128.load32_splat(constants, 56)), constants);
}

/** The weight of x; x itself where the activation has none. */
// @ts-ignore: decorator
@inline
export function activationWeight(code: i32, x: v128, constants: usize): v128 {
  if (code == 3) return logistic(f32x4.mul(x, v128.load32_splat(constants)), constants);
  if (code == 1) {
    const inner = fma(f32x4.mul(x, x), v128.load32_splat(constants, 12), v128.load32_splat(constants, 8));
    return logistic(f32x4.mul(x, inner), constants);
  }
  if (code == 2) {
    // Φ(−|x|) within 7.5e-8 by Abramowitz and Stegun, 7.1.26.
    const one = v128.load32_splat(constants, 64);
    const t = f32x4.div(one, fma(v128.load32_splat(constants, 32), f32x4.abs(x), one));
    let p = v128.load32_splat(constants, 52);
    p = fma(p, t, v128.load32_splat(constants, 48));
    p = fma(p, t, v128.load32_splat(constants, 44));
    p = fma(p, t, v128.load32_splat(constants, 40));
    p = fma(p, t, v128.load32_splat(constants, 36));
    const tail = f32x4.mul(f32x4.mul(p, t), bell(x, constants));
    return v128.bitselect(tail, f32x4.sub(one, tail), i32x4.shr_s(x, 31));
  }
  return x;
}

/** f(x), given the weight of x. */
// @ts-ignore: decorator
@inline
export function activationValue(code: i32, x: v128, weight: v128): v128 {
  if (code == 0) return x;
  if (code < 4) return f32x4.mul(x, weight);
  const positive = f32x4.max(x, f32x4.splat(0));
  return code == 4 ? positive : f32x4.mul(positive, positive);
}

/** f′(x), given the weight of x. */
// @ts-ignore: decorator
@inline
export function activationSlope(code: i32, x: v128, weight: v128, constants: usize): v128 {
  const one = v128.load32_splat(constants, 64);
  if (code == 0) return one;
  if (code > 3) return v128.and(f32x4.gt(x, f32x4.splat(0)), code == 4 ? one : f32x4.add(x, x));
  // Beyond ±100 the slope is 0 or 1, and powers of x must not overflow on the way there.
  const c = f32x4.pmax(f32x4.pmin(x, v128.load32_splat(constants, 24)), v128.load32_splat(constants, 28));
  if (code == 2) return fma(f32x4.mul(c, v128.load32_splat(constants, 60)), bell(c, constants), weight);
  const rest = f32x4.mul(weight, f32x4.sub(one, weight));
  if (code == 3) return fma(c, rest, weight);
  return fma(f32x4.mul(c, rest), fma(f32x4.mul(c, c), v128.load32_splat(constants, 20), v128.load32_splat(constants, 16)), weight);
}

/** f(x) by itself. */
export function activate(code: i32, x: v128, constants: usize): v128 {
  return activationValue(code, x, activationWeight(code, x, constants));
}

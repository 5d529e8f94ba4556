import { fma, loadPartial, storePartial } from '../common/simd.as';

// A step of one vector: g = grad · gradScale; m += (1 − β₁)(g − m); v = β₂ v + (1 − β₂) g²;
// p = p · decay − stepSize · m / (√v / √(1 − β₂ᵗ) + eps).
// @ts-ignore: decorator
@inline
function nextM(m: v128, g: v128, rest1: v128): v128 { return fma(f32x4.sub(g, m), rest1, m); }

// @ts-ignore: decorator
@inline
function nextV(v: v128, g: v128, beta2: v128, rest2: v128): v128 { return fma(f32x4.mul(g, g), rest2, f32x4.mul(v, beta2)); }

// @ts-ignore: decorator
@inline
function nextP(p: v128, m: v128, v: v128, decay: v128, stepSize: v128, inverse: v128, eps: v128): v128 {
  const denominator = fma(f32x4.sqrt(v), inverse, eps);
  return f32x4.sub(f32x4.mul(p, decay), f32x4.div(f32x4.mul(stepSize, m), denominator));
}

/** Rows [begin, end) of the table: param, grad, m and v as addresses, how many numbers, 1 − lr · weightDecay, lr / (1 − β₁ᵗ), unused. */
export function adamw(
  begin: i32, end: i32, table: usize, oneMinusBeta1: f32, beta2Value: f32, oneMinusBeta2: f32, epsValue: f32,
  inverseRootCorrection2: f32, gradScale: f32,
): void {
  const rest1 = f32x4.splat(oneMinusBeta1), beta2 = f32x4.splat(beta2Value), rest2 = f32x4.splat(oneMinusBeta2);
  const eps = f32x4.splat(epsValue), inverse = f32x4.splat(inverseRootCorrection2), scale = f32x4.splat(gradScale);
  for (let r = begin; r < end; r++) {
    const row = table + (<usize>r << 5);
    let p = <usize>load<u32>(row), g = <usize>load<u32>(row, 4), m = <usize>load<u32>(row, 8), v = <usize>load<u32>(row, 12);
    let left = load<i32>(row, 16);
    const decay = v128.load32_splat(row, 20), stepSize = v128.load32_splat(row, 24);
    for (; left >= 4; left -= 4) {
      const gradient = f32x4.mul(v128.load(g), scale);
      const first = nextM(v128.load(m), gradient, rest1), second = nextV(v128.load(v), gradient, beta2, rest2);
      v128.store(m, first);
      v128.store(v, second);
      v128.store(p, nextP(v128.load(p), first, second, decay, stepSize, inverse, eps));
      p += 16; g += 16; m += 16; v += 16;
    }
    if (left > 0) {
      const gradient = f32x4.mul(loadPartial(g, left), scale);
      const first = nextM(loadPartial(m, left), gradient, rest1), second = nextV(loadPartial(v, left), gradient, beta2, rest2);
      storePartial(m, first, left);
      storePartial(v, second, left);
      storePartial(p, nextP(loadPartial(p, left), first, second, decay, stepSize, inverse, eps), left);
    }
  }
}

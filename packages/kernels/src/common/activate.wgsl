// Activations as x times a weight: f(x) = x · activationWeight(code, x), with the codes of activation.ts. Pass an override
// constant as the code, so that one branch is left. The weight is σ(x) for SiLU, σ(2 √(2/π) (x + 0.044715 x³)) for GELU by
// tanh, Φ(x) for GELU. Limits are set by `select`, which keeps NaN where `clamp` may not.

// 1 / (1 + exp(t)), with a divisor that every card divides by.
fn activationLogistic(t: f32) -> f32 {
  return 1.0 / (1.0 + exp(select(t, 87.0, t > 87.0)));
}

// Φ(x), whose tail Φ(−|x|) is within 7.5e-8 by Abramowitz and Stegun, 7.1.26.
fn activationNormal(x: f32) -> f32 {
  let t = 1.0 / fma(0.2316418882, abs(x), 1.0);
  var p = fma(0.5307027145, t, -0.7265760135);
  p = fma(p, t, 0.7107068705);
  p = fma(p, t, -0.142248368);
  p = fma(p, t, 0.127414796);
  let tail = p * t * exp(-0.5 * x * x);
  return select(1.0 - tail, tail, x < 0.0);
}

// x where powers of it do not overflow: beyond ±100 each weight is 0 or 1, and so is each slope.
fn activationNear(x: f32) -> f32 {
  return select(x, select(-100.0, 100.0, x > 0.0), abs(x) > 100.0);
}

// The w of f(x) = x · w.
fn activationWeight(code: u32, x: f32) -> f32 {
  let c = activationNear(x);
  switch code {
    case 1u: { return activationLogistic(-c * fma(0.07135481628, c * c, 1.595769122)); }
    case 2u: { return activationNormal(c); }
    case 3u: { return activationLogistic(-c); }
    case 4u: { return select(0.0, 1.0, x > 0.0); }
    case 5u: { return max(x, 0.0); }
    default: { return 1.0; }
  }
}

// f′(x).
fn activationSlope(code: u32, x: f32) -> f32 {
  let c = activationNear(x);
  let weight = activationWeight(code, x);
  switch code {
    case 1u: { return fma(c * weight * (1.0 - weight), fma(0.2140644488, c * c, 1.595769122), weight); }
    case 2u: { return fma(0.3989422804 * c, exp(-0.5 * c * c), weight); }
    case 3u: { return fma(c, weight * (1.0 - weight), weight); }
    case 4u: { return weight; }
    case 5u: { return 2.0 * weight; }
    default: { return 1.0; }
  }
}

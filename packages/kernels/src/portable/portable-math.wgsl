// What JavaScript's Math has and WGSL lacks, or leaves to the driver with less care than a kernel can bear: these stand in front
// of every portable program. The names are gpu.js's, and js_ is put before what WGSL has itself.

fn fround(x: f32) -> f32 { return x; }

// Halves go up, as in JavaScript; x + 0.5 would round by itself.
fn _round(x: f32) -> f32 {
  let below = floor(x);
  return select(below, below + 1.0, x - below >= 0.5);
}

fn log10(x: f32) -> f32 { return log2(x) * 0.30102999566398; }

// Near 0 the difference of exp(x) and 1 would lose every digit.
fn expm1(x: f32) -> f32 {
  if (abs(x) > 0.5) { return exp(x) - 1.0; }
  return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666668 + x * (0.008333334 + x * (0.0013888889 + x * 0.0001984127))))));
}

// 2 artanh(x / (x + 2)) near 0.
fn log1p(x: f32) -> f32 {
  if (abs(x) > 0.5) { return log(1.0 + x); }
  let s = x / (x + 2.0);
  let t = s * s;
  return 2.0 * s * (1.0 + t * (0.33333334 + t * (0.2 + t * (0.14285715 + t * (0.11111111 + t * 0.09090909)))));
}

// By exp of a clamped argument, since drivers divide infinities; by its series near 0.
fn js_tanh(x: f32) -> f32 {
  let m = abs(x);
  if (m < 0.625) {
    let z = x * x;
    return x + x * z * (-0.33333332 + z * (0.13331442 + z * (-0.053739715 + z * (0.020639088 - z * 0.0057049887))));
  }
  let y = 1.0 - 2.0 / (exp(2.0 * min(m, 20.0)) + 1.0);
  return select(y, -y, x < 0.0);
}

fn js_sinh(x: f32) -> f32 {
  let e = expm1(abs(x));
  let y = 0.5 * (e + e / (e + 1.0));
  return select(y, -y, x < 0.0);
}

// One Newton step mends the power, which goes through logarithms.
fn cbrt(x: f32) -> f32 {
  let m = abs(x);
  if (m == 0.0) { return 0.0; }
  var y = exp2(log2(m) / 3.0);
  y -= (y - m / (y * y)) / 3.0;
  return select(y, -y, x < 0.0);
}

// Whole exponents up to 64 by products, for any base; others for positive bases alone, where WGSL's pow is defined.
fn _pow(x: f32, p: f32) -> f32 {
  if (p == 0.0) { return 1.0; }
  let whole = trunc(p) == p;
  if (whole && abs(p) <= 64.0) {
    var result = 1.0;
    var square = x;
    for (var n = u32(abs(p)); n != 0u; n = n >> 1u) {
      if ((n & 1u) != 0u) { result *= square; }
      square *= square;
    }
    return select(result, 1.0 / result, p < 0.0);
  }
  let m = abs(x);
  if (m == 0.0) { return select(0.0, 3.4028234e38, p < 0.0); }
  let y = exp2(p * log2(m));
  let odd = whole && fract(p * 0.5) != 0.0;
  // No number is the fractional power of a negative one: NaN as JavaScript has it, by its bits.
  if (x < 0.0 && !whole) { return bitcast<f32>(select(0x7fc00000u, 0u, m == 0.0)); }
  return select(y, -y, x < 0.0 && odd);
}

// x less the nearest multiple of pi, in three parts so that it is good for angles of some thousands.
fn reduced(x: f32, turns: f32) -> f32 {
  return ((x - turns * 3.140625) - turns * 0.0009670257568359375) - turns * 6.2783295e-7;
}

fn sine(r: f32) -> f32 {
  let z = r * r;
  return r + r * z * (-0.16666667 + z * (0.008333331 + z * (-0.00019840874 + z * (2.7525562e-6 - z * 2.3889859e-8))));
}

fn js_sin(x: f32) -> f32 {
  let turns = floor(x * 0.31830987 + 0.5);
  let y = sine(reduced(x, turns));
  return select(y, -y, fract(turns * 0.5) != 0.0);
}

// A sine a quarter turn on: the odd number of half multiples of pi nearest to x.
fn js_cos(x: f32) -> f32 {
  let turns = floor(x * 0.31830987) + 0.5;
  let y = sine(reduced(x, turns));
  return select(-y, y, fract((turns - 0.5) * 0.5) != 0.0);
}

fn js_tan(x: f32) -> f32 { return js_sin(x) / js_cos(x); }

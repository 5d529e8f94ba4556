// cap · tanh(x / cap), and its slope where x is, from the capped value. tanh is made by its series near 0, where 1 − 2 / (exp(2x) + 1)
// would cancel, and by exp of a clamped argument elsewhere, since drivers divide infinities.
fn softCapped(values: vec4f, cap: f32) -> vec4f {
  let x = values / cap;
  let z = x * x;
  let near = x + x * z * (-0.33333332 + z * (0.13331442 + z * (-0.053739715 + z * (0.020639088 - z * 0.0057049887))));
  let m = 1.0 - 2.0 / (exp(2.0 * min(abs(x), vec4f(20.0))) + 1.0);
  return cap * select(select(m, -m, x < vec4f()), near, abs(x) < vec4f(0.625));
}

fn softCapSlope(capped: vec4f, cap: f32) -> vec4f {
  let t = capped / cap;
  return 1.0 - t * t;
}

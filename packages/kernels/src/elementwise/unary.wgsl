// y = f(x), four numbers an invocation. In place, x is read from y.
override OP: u32;
override IN_PLACE: bool;
struct Params { size: u32, a: f32, b: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

const ONE = vec4f(1.0);
const ZERO = vec4f(0.0);

// Near 0 a polynomial, since (1 − t) / (1 + t) cancels there; beyond, with t = exp(−2|x|), which cannot overflow.
fn preciseTanh(value: vec4f) -> vec4f {
  let size = abs(value);
  let square = value * value;
  var p = fma(vec4f(-5.70498872745e-3), square, vec4f(2.06390887954e-2));
  p = fma(p, square, vec4f(-5.37397155531e-2));
  p = fma(p, square, vec4f(1.33314422036e-1));
  p = fma(p, square, vec4f(-3.33332819422e-1));
  let near = fma(p * square, value, value);
  let t = exp(-2.0 * size);
  let far = (ONE - t) / (ONE + t);
  return select(select(far, -far, value < ZERO), near, size < vec4f(0.625));
}

fn sigmoid(value: vec4f) -> vec4f {
  let t = exp(-abs(value));
  return select(ONE, t, value < ZERO) / (ONE + t);
}

fn apply(value: vec4f) -> vec4f {
  switch (OP) {
    case 0u: { return -value; }
    case 1u: { return value * value; }
    case 2u: { return sqrt(value); }
    case 3u: { return inverseSqrt(value); }
    case 4u: { return exp(value); }
    case 5u: { return log(value); }
    case 6u: { return abs(value); }
    case 7u: { return preciseTanh(value); }
    case 8u: { return sigmoid(value); }
    case 9u: { return ONE / value; }
    case 10u: { return select(select(vec4f(params.b), ONE, value > ZERO), value, isNan(value)); }
    case 11u: { return select(max(value, ZERO), value, isNan(value)); }
    default: { return fma(value, vec4f(params.a), vec4f(params.b)); }
  }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.size) { return; }
  var value: vec4f;
  if (IN_PLACE) { value = y[i]; } else { value = x[i]; }
  let result = apply(value);
  let left = params.size - 4u * i;
  if (left >= 4u) {
    y[i] = result;
  } else {
    for (var k = 0u; k < left; k++) { y[i][k] = result[k]; }
  }
}

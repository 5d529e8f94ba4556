// A step in place, four numbers an invocation: g = grad · gradScale; m += (1 − β₁)(g − m); v = β₂ v + (1 − β₂) g²;
// p = p (1 − lr · weightDecay) − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps). With HAS_RATES, `rates` holds a factor of lr, the two
// corrections 1 − βᵗ, and gradScale, whose NaN leaves everything as it is.
override HAS_RATES: bool;
struct Params {
  count: u32, lr: f32, weightDecay: f32, rest1: f32, beta2: f32, rest2: f32, eps: f32, correction1: f32, correction2: f32, gradScale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read> grad: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(5) var<storage, read> rates: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  var lr = params.lr;
  var correction1 = params.correction1;
  var correction2 = params.correction2;
  var gradScale = params.gradScale;
  if (HAS_RATES) {
    if (isNan(rates[0]).w) { return; }
    lr *= rates[0].x;
    correction1 = rates[0].y;
    correction2 = rates[0].z;
    gradScale = rates[0].w;
  }
  let g = grad[i] * gradScale;
  let first = fma(g - m[i], vec4f(params.rest1), m[i]);
  let second = fma(g * g, vec4f(params.rest2), v[i] * params.beta2);
  let denominator = fma(sqrt(second), vec4f(inverseSqrt(correction2)), vec4f(params.eps));
  let next = param[i] * (1.0 - lr * params.weightDecay) - lr / correction1 * first / denominator;
  let left = params.count - 4u * i;
  if (left >= 4u) {
    m[i] = first;
    v[i] = second;
    param[i] = next;
  } else {
    for (var k = 0u; k < left; k++) {
      m[i][k] = first[k];
      v[i][k] = second[k];
      param[i][k] = next[k];
    }
  }
}

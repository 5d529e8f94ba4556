// A step in place, four numbers an invocation: g = grad · gradScale; p = p (1 − lr · weightDecay) − lr · sign(β₁ m + (1 − β₁) g);
// m = β₂ m + (1 − β₂) g. With HAS_RATES, `rates` holds a factor of lr and gradScale, whose NaN leaves everything as it is.
override HAS_RATES: bool;
struct Params { count: u32, lr: f32, weightDecay: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, gradScale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read> grad: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4) var<storage, read> rates: array<vec2f>;

// −1, 0 or 1; NaN stays, so that a broken gradient shows.
fn signOf(x: vec4f) -> vec4f {
  let signs = select(select(vec4f(0.0), vec4f(-1.0), x < vec4f(0.0)), vec4f(1.0), x > vec4f(0.0));
  return select(signs, x, isNan(x));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  var lr = params.lr;
  var gradScale = params.gradScale;
  if (HAS_RATES) {
    if (isNan(vec4f(rates[0].y)).x) { return; }
    lr *= rates[0].x;
    gradScale = rates[0].y;
  }
  let g = grad[i] * gradScale;
  let direction = signOf(fma(m[i], vec4f(params.beta1), g * params.rest1));
  let next = fma(direction, vec4f(-lr), param[i] * (1.0 - lr * params.weightDecay));
  let momentum = fma(m[i], vec4f(params.beta2), g * params.rest2);
  let left = params.count - 4u * i;
  if (left >= 4u) {
    m[i] = momentum;
    param[i] = next;
  } else {
    for (var k = 0u; k < left; k++) {
      m[i][k] = momentum[k];
      param[i][k] = next[k];
    }
  }
}

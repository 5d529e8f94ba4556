// The momentum of a matrix in place, and from `offset` on its direction: b = β b + (1 − β) grad · gradScale, and with NESTEROV
// (1 − β) grad · gradScale + β b, else b. With HAS_RATES, `rates` holds a factor of lr and gradScale, whose NaN leaves everything as it is.
override HAS_RATES: bool;
override NESTEROV: bool;
struct Params { count: u32, offset: u32, beta: f32, rest: f32, gradScale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> momentum: array<f32>;
@group(0) @binding(2) var<storage, read> grad: array<f32>;
@group(0) @binding(3) var<storage, read_write> directions: array<f32>;
@group(0) @binding(4) var<storage, read> rates: array<vec2f>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (i >= params.count) { return; }
  var gradScale = params.gradScale;
  if (HAS_RATES) {
    gradScale = rates[0].y;
    if (isNan(vec4f(gradScale)).x) { return; }
  }
  let push = grad[i] * gradScale * params.rest;
  let next = fma(momentum[i], params.beta, push);
  momentum[i] = next;
  directions[params.offset + i] = select(next, fma(next, params.beta, push), NESTEROV);
}

// A step of a matrix in place against the direction that lies from `offset` on: p = p (1 − lr · weightDecay) − lr · factor · d. With
// HAS_RATES, `rates` holds a factor of lr and gradScale, whose NaN leaves everything as it is.
override HAS_RATES: bool;
struct Params { count: u32, offset: u32, lr: f32, weightDecay: f32, factor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> param: array<f32>;
@group(0) @binding(2) var<storage, read> directions: array<f32>;
@group(0) @binding(3) var<storage, read> rates: array<vec2f>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (i >= params.count) { return; }
  var lr = params.lr;
  if (HAS_RATES) {
    if (isNan(vec4f(rates[0].y)).x) { return; }
    lr *= rates[0].x;
  }
  param[i] = fma(directions[params.offset + i], -lr * params.factor, param[i] * (1.0 - lr * params.weightDecay));
}

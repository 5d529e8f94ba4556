// y = f(x), four numbers an invocation; what memory holds beyond `count` does not matter.
override ACTIVATION: u32;
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

fn weight(v: f32) -> f32 { return activationWeight(ACTIVATION, v); }

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  let v = x[i];
  y[i] = v * vec4f(weight(v.x), weight(v.y), weight(v.z), weight(v.w));
}

// dgate = dy · up · f′(gate) and dup = dy · f(gate), four numbers an invocation; what memory holds beyond `count` does not matter.
override ACTIVATION: u32;
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> gate: array<vec4f>;
@group(0) @binding(3) var<storage, read> up: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dgate: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dup: array<vec4f>;

fn weight(v: f32) -> f32 { return activationWeight(ACTIVATION, v); }
fn slope(v: f32) -> f32 { return activationSlope(ACTIVATION, v); }

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  let v = gate[i];
  let g = dy[i];
  dgate[i] = g * up[i] * vec4f(slope(v.x), slope(v.y), slope(v.z), slope(v.w));
  dup[i] = g * (v * vec4f(weight(v.x), weight(v.y), weight(v.z), weight(v.w)));
}

// dx = dy · f′(x), four numbers an invocation; what memory holds beyond `count` does not matter.
override ACTIVATION: u32;
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

fn slope(v: f32) -> f32 { return activationSlope(ACTIVATION, v); }

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.count) { return; }
  let v = x[i];
  dx[i] = dy[i] * vec4f(slope(v.x), slope(v.y), slope(v.z), slope(v.w));
}

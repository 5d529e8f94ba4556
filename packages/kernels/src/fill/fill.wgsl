// y = bits, four words an invocation.
struct Params { size: u32, bits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.size) { return; }
  let left = params.size - 4u * i;
  if (left >= 4u) {
    y[i] = vec4u(params.bits);
  } else {
    for (var k = 0u; k < left; k++) { y[i][k] = params.bits; }
  }
}

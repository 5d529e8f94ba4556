// y = x as a float; four numbers an invocation. In place, x is read from y.
override IN_PLACE: bool;
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4i>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.size) { return; }
  var value: vec4i;
  if (IN_PLACE) { value = bitcast<vec4i>(y[i]); } else { value = x[i]; }
  let result = vec4f(value);
  let left = params.size - 4u * i;
  if (left >= 4u) {
    y[i] = result;
  } else {
    for (var k = 0u; k < left; k++) { y[i][k] = result[k]; }
  }
}

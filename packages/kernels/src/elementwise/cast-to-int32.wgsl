// y = x without its fraction, held to the range of 32-bit integers, NaN as 0; four numbers an invocation. In place, x is read from y.
override IN_PLACE: bool;
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4i>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.size) { return; }
  var value: vec4f;
  if (IN_PLACE) { value = bitcast<vec4f>(y[i]); } else { value = x[i]; }
  // 2147483520 is the largest float below 2³¹.
  let held = vec4i(clamp(value, vec4f(-2147483648.0), vec4f(2147483520.0)));
  let whole = select(held, vec4i(2147483647), value >= vec4f(2147483648.0));
  let result = select(whole, vec4i(0), isNan(value));
  let left = params.size - 4u * i;
  if (left >= 4u) {
    y[i] = result;
  } else {
    for (var k = 0u; k < left; k++) { y[i][k] = result[k]; }
  }
}

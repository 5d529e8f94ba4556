// y = a op b where an operand is a row or a column and rows are no whole vectors: an invocation takes four numbers that lie 256
// apart, so that neighbours read neighbouring numbers.
override A_KIND: u32;
override B_KIND: u32;
override A_IS_Y: bool;
override B_IS_Y: bool;
struct Params { size: u32, cols: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn placeOf(kind: u32, i: u32) -> u32 {
  switch (kind) {
    case 1u: { return i % params.cols; }
    case 2u: { return i / params.cols; }
    case 3u: { return 0u; }
    default: { return i; }
  }
}

fn leftAt(i: u32) -> f32 {
  if (A_IS_Y) { return y[i]; }
  return a[placeOf(A_KIND, i)];
}

fn rightAt(i: u32) -> f32 {
  if (B_IS_Y) { return y[i]; }
  return b[placeOf(B_KIND, i)];
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (id.y * groups.x + id.x) * 1024u + lane;
  var left: vec4f;
  var right: vec4f;
  for (var k = 0u; k < 4u; k++) {
    let i = first + 256u * k;
    if (i < params.size) {
      left[k] = leftAt(i);
      right[k] = rightAt(i);
    }
  }
  let result = combine(left, right);
  for (var k = 0u; k < 4u; k++) {
    let i = first + 256u * k;
    if (i < params.size) { y[i] = result[k]; }
  }
}

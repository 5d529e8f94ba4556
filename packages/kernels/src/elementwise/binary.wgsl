// y = a op b, four numbers an invocation, where rows are whole vectors or no operand is a row or a column. `cols` counts vectors.
// A_KIND and B_KIND are codes of BROADCASTS. An operand that y overwrites is read from y.
override A_KIND: u32;
override B_KIND: u32;
override A_IS_Y: bool;
override B_IS_Y: bool;
struct Params { size: u32, cols: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

fn leftAt(i: u32) -> vec4f {
  if (A_IS_Y) { return y[i]; }
  switch (A_KIND) {
    case 1u: { return a[i % params.cols]; }
    case 2u: { let row = i / params.cols; return vec4f(a[row / 4u][row % 4u]); }
    case 3u: { return vec4f(a[0].x); }
    default: { return a[i]; }
  }
}

fn rightAt(i: u32) -> vec4f {
  if (B_IS_Y) { return y[i]; }
  switch (B_KIND) {
    case 1u: { return b[i % params.cols]; }
    case 2u: { let row = i / params.cols; return vec4f(b[row / 4u][row % 4u]); }
    case 3u: { return vec4f(b[0].x); }
    default: { return b[i]; }
  }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 256u + lane;
  if (4u * i >= params.size) { return; }
  let result = combine(leftAt(i), rightAt(i));
  let left = params.size - 4u * i;
  if (left >= 4u) {
    y[i] = result;
  } else {
    for (var k = 0u; k < left; k++) { y[i][k] = result[k]; }
  }
}

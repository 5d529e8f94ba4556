// Operands of any length of row: the same as matmul-in4.wgsl, number by number.
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;

alias Fetched = vec4f;

fn fetchA(start: u32, left: u32) -> vec4f {
  var v = vec4f();
  if (left > 0u) { v.x = a[start]; }
  if (left > 1u) { v.y = a[start + 1u]; }
  if (left > 2u) { v.z = a[start + 2u]; }
  if (left > 3u) { v.w = a[start + 3u]; }
  return v;
}
fn fetchB(start: u32, left: u32) -> vec4f {
  var v = vec4f();
  if (left > 0u) { v.x = b[start]; }
  if (left > 1u) { v.y = b[start + 1u]; }
  if (left > 2u) { v.z = b[start + 2u]; }
  if (left > 3u) { v.w = b[start + 3u]; }
  return v;
}

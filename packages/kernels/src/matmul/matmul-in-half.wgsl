// Operands that matmul-to-half.wgsl has rounded to f16, in words of four numbers: the same as matmul-in4.wgsl from half the memory.
@group(0) @binding(1) var<storage, read> a: array<vec2u>;
@group(0) @binding(2) var<storage, read> b: array<vec2u>;

alias Fetched = vec4<f16>;

fn fetchA(start: u32, left: u32) -> vec4<f16> {
  var v = vec4<f16>();
  if (left > 0u) { v = bitcast<vec4<f16>>(a[start / 4u]); }
  return v;
}
fn fetchB(start: u32, left: u32) -> vec4<f16> {
  var v = vec4<f16>();
  if (left > 0u) { v = bitcast<vec4<f16>>(b[start / 4u]); }
  return v;
}

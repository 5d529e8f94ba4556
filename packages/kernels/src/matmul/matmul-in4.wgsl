// Operands whose rows begin at whole words of four numbers and, where they are shorter than their distance, end in zeros.
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;

alias Fetched = vec4f;

// Four numbers next to each other, of which `left` belong to the row; zeros where it is over.
fn fetchA(start: u32, left: u32) -> vec4f {
  var v = vec4f();
  if (left > 0u) { v = a[start / 4u]; }
  return v;
}
fn fetchB(start: u32, left: u32) -> vec4f {
  var v = vec4f();
  if (left > 0u) { v = b[start / 4u]; }
  return v;
}

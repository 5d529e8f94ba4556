// What the products of packed rows with quantized weights share. A step is what a vector of words holds: 16 bytes or 32 nibbles.
// What may be absent is told by scalars, since each value of an override is a program to compile.
struct Params { m: u32, n: u32, steps: u32, blocks: u32, perBlock: u32, factor: f32, shifted: u32, hasBias: u32, hasResidual: u32 }
override NIBBLES: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read> xSteps: array<vec2f>;
@group(0) @binding(3) var<storage, read> w: array<vec4u>;
@group(0) @binding(4) var<storage, read> scales: array<f32>;
@group(0) @binding(5) var<storage, read> shifts: array<f32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;
@group(0) @binding(7) var<storage, read> residual: array<f32>;
@group(0) @binding(8) var<storage, read_write> y: array<f32>;

const LOW = vec4u(0x0f0f0f0fu);

// A step of weights as words of bytes, in the order in which x lies beside them.
struct Bytes { first: vec4u, second: vec4u }
fn bytesOf(words: vec4u) -> Bytes {
  if (!NIBBLES) { return Bytes(words, vec4u()); }
  let even = words & LOW;
  let odd = (words >> vec4u(4u)) & LOW;
  return Bytes(vec4u(even.x, odd.x, even.y, odd.y), vec4u(even.z, odd.z, even.w, odd.w));
}

fn dotOf(a: vec4u, b: vec4u) -> i32 { return dotBytes(a.x, b.x) + dotBytes(a.y, b.y) + dotBytes(a.z, b.z) + dotBytes(a.w, b.w); }

fn finish(row: u32, col: u32, sum: f32) {
  if (row >= params.m || col >= params.n) { return; }
  let at = row * params.n + col;
  var value = sum;
  if (params.hasBias != 0u) { value += bias[col]; }
  if (params.hasResidual != 0u) { value += residual[at]; }
  y[at] = value;
}

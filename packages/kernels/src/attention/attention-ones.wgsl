// Four numbers of a row of q, k, v or dout at a time, for any width: 0 past the end of the row. The forward pass has no dout, and
// something else at its binding.
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read> dout: array<f32>;

fn inRow(x: vec4f, c: u32) -> vec4f { return select(vec4f(), x, vec4u(0u, 1u, 2u, 3u) < vec4u(params.width - 4u * c)); }

fn loadQ(row: u32, c: u32) -> vec4f {
  let at = row * params.width + 4u * c;
  return inRow(vec4f(q[at], q[at + 1u], q[at + 2u], q[at + 3u]), c);
}
fn loadK(row: u32, c: u32) -> vec4f {
  let at = row * params.width + 4u * c;
  return inRow(vec4f(k[at], k[at + 1u], k[at + 2u], k[at + 3u]), c);
}
fn loadV(row: u32, c: u32) -> vec4f {
  let at = row * params.width + 4u * c;
  return inRow(vec4f(v[at], v[at + 1u], v[at + 2u], v[at + 3u]), c);
}
fn loadDout(row: u32, c: u32) -> vec4f {
  let at = row * params.width + 4u * c;
  return inRow(vec4f(dout[at], dout[at + 1u], dout[at + 2u], dout[at + 3u]), c);
}

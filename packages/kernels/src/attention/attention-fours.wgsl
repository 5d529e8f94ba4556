// Four numbers of a row of q, k, v or dout at a time, where the width is a multiple of four. The forward pass has no dout, and
// something else at its binding.
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;

fn loadQ(row: u32, c: u32) -> vec4f { return q[row * (params.width / 4u) + c]; }
fn loadK(row: u32, c: u32) -> vec4f { return k[row * (params.width / 4u) + c]; }
fn loadV(row: u32, c: u32) -> vec4f { return v[row * (params.width / 4u) + c]; }
fn loadDout(row: u32, c: u32) -> vec4f { return dout[row * (params.width / 4u) + c]; }

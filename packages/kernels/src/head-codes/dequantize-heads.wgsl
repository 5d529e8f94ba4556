// One invocation a value of a head, from its code and the scale of its block.
struct Params { count: u32, width: u32, block: u32, words: u32, bits: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let to = (id.y * groups.x + id.x) * 256u + lane;
  if (to >= params.count) { return; }
  let row = to / params.width * params.words;
  let i = to % params.width;
  let lanes = 32u / params.bits;
  let raised = x[row + i / lanes] << (32u - params.bits - params.bits * (i % lanes));
  let code = select(i32(raised >> 28u) - 8, bitcast<i32>(raised) >> 24u, params.bits == 8u);
  y[to] = f32(code) * bitcast<f32>(x[row + params.width / lanes + i / params.block]);
}

// One workgroup a tile of 32 × 32 words of a plane: rows of x are read and rows of y are written by neighbouring lanes. A plane is
// [height, width] in x with rows `row` words apart, and [width, height] in y with rows `column` words apart; plane (p, q) lies
// p · in0 + q · in1 words behind x and p · out0 + q · out1 behind y. `across` and `down` count the tiles of a plane.
struct Params {
  tiles: u32, across: u32, down: u32, height: u32, width: u32, row: u32, column: u32, size1: u32, in0: u32, in1: u32, out0: u32, out1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

const SIDE = 32u;
// One word more than a row has, so that the words of a column lie in different banks.
const PITCH = 33u;
var<workgroup> words: array<u32, SIDE * PITCH>;

@compute @workgroup_size(32, 8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let index = id.y * groups.x + id.x;
  if (index >= params.tiles) { return; }
  let line = index / params.across;
  let plane = line / params.down;
  let p = plane / params.size1;
  let q = plane - p * params.size1;
  let w0 = (index - line * params.across) * SIDE;
  let h0 = (line - plane * params.down) * SIDE;
  let input = p * params.in0 + q * params.in1;
  let output = p * params.out0 + q * params.out1;
  for (var k = local.y; k < SIDE; k += 8u) {
    let h = h0 + k;
    let w = w0 + local.x;
    if (h < params.height && w < params.width) { words[k * PITCH + local.x] = x[input + h * params.row + w]; }
  }
  workgroupBarrier();
  for (var k = local.y; k < SIDE; k += 8u) {
    let h = h0 + local.x;
    let w = w0 + k;
    if (h < params.height && w < params.width) { y[output + w * params.column + h] = words[local.x * PITCH + k]; }
  }
}

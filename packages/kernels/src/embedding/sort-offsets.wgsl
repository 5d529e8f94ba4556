// LANES lanes a digit: its counts [blocks] become the sums of those before, and the sum of all goes to `totals`.
struct Params { blocks: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<u32>;

const LANES = 32u;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let digit = (id.x * 256u + lane) / LANES;
  let own = lane % LANES;
  let each = (params.blocks + LANES - 1u) / LANES;
  let start = digit * params.blocks;
  let first = min(own * each, params.blocks);
  let last = min(first + each, params.blocks);
  var total = 0u;
  for (var b = first; b < last; b++) { total += counts[start + b]; }
  var sum = groupPrefix(lane, total, LANES);
  for (var b = first; b < last; b++) {
    let here = counts[start + b];
    counts[start + b] = sum;
    sum += here;
  }
  if (own == LANES - 1u) { totals[digit] = sum; }
}

// A workgroup a block of 256 keys: each goes behind the keys of smaller digits, those of its digit in earlier blocks, and those of
// its digit before it in the block, and its position in the list goes with it.
override FIRST: bool;
struct Params { count: u32, blocks: u32, shift: u32, most: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> offsets: array<u32>;
@group(0) @binding(4) var<storage, read> totals: array<u32>;
@group(0) @binding(5) var<storage, read_write> sortedKeys: array<u32>;
@group(0) @binding(6) var<storage, read_write> sortedOrder: array<u32>;

var<workgroup> bases: array<u32, 256>;
var<workgroup> digits: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = id.y * groups.x + id.x;
  let i = block * 256u + lane;
  let key = min(keys[min(i, params.count - 1u)], params.most);
  let digit = (key >> params.shift) & 255u;
  digits[lane] = digit;
  bases[lane] = groupPrefix(lane, totals[lane], 256u);
  workgroupBarrier();
  if (i >= params.count) { return; }
  var to = bases[digit] + offsets[digit * params.blocks + block];
  for (var before = 0u; before < lane; before++) { to += select(0u, 1u, digits[before] == digit); }
  sortedKeys[to] = key;
  if (FIRST) { sortedOrder[to] = i; } else { sortedOrder[to] = order[i]; }
}

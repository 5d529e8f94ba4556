// A workgroup a block of 256 keys: how many have each digit, to counts [256 digits, blocks]. A key beyond `most` counts as `most`.
struct Params { count: u32, blocks: u32, shift: u32, most: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;

var<workgroup> found: array<atomic<u32>, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = id.y * groups.x + id.x;
  let i = block * 256u + lane;
  if (i < params.count) { atomicAdd(&found[(min(keys[i], params.most) >> params.shift) & 255u], 1u); }
  workgroupBarrier();
  if (block < params.blocks) { counts[lane * params.blocks + block] = atomicLoad(&found[lane]); }
}

// What the backward pass notes of each row of queries, in the order of lse: log2 of its sum, so high that its probabilities are 0
// where it sees nothing, and dout · o. 16 lanes a row, eight rows a workgroup.
struct Params { queries: u32, heads: u32, width: u32, rows: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dout: array<f32>;
@group(0) @binding(2) var<storage, read> o: array<f32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> notes: array<u32>;

var<workgroup> parts: array<f32, 136>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (id.y * groups.x + id.x) * 8u;
  let start = (first + lane / 16u) * params.width;
  var own = 0.0;
  if (first + lane / 16u < params.rows) {
    for (var c = lane % 16u; c < params.width; c += 16u) { own = fma(dout[start + c], o[start + c], own); }
  }
  parts[lane / 16u * 17u + lane % 16u] = own;
  workgroupBarrier();
  let row = first + lane;
  if (lane >= 8u || row >= params.rows) { return; }
  var sum = 0.0;
  for (var i = 0u; i < 16u; i++) { sum += parts[lane * 17u + i]; }
  let batch = row / (params.queries * params.heads);
  let at = (batch * params.heads + row % params.heads) * params.queries + (row / params.heads) % params.queries;
  let none = bitcast<u32>(lse[at]) == 0xff800000u;
  notes[2u * at] = bitcast<u32>(select(lse[at] * 1.4426950408889634, 3e38, none));
  notes[2u * at + 1u] = bitcast<u32>(sum);
}

// y = Σ_rows x. `lanes` lanes, a power of two, share a word of columns, and neighbouring lanes take neighbouring words: a lane adds
// every lanes-th row, and the sums of the lanes are added by a tree, so that the order is always the same.
struct Params { rows: u32, words: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read_write> y: array<Word>;

var<workgroup> sums: array<Word, GROUP>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let columns = GROUP / params.lanes;
  let w = (id.y * groups.x + id.x) * columns + (lane & (columns - 1u));
  let own = lane / columns;
  var sum = Word();
  for (var r = own; r < select(0u, params.rows, w < params.words); r += params.lanes) { sum += x[r * params.words + w]; }
  sums[lane] = sum;
  for (var half = params.lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (own < half) { sums[lane] += sums[lane + half * columns]; }
  }
  if (own == 0u && w < params.words) { y[w] = sums[lane]; }
}

// dbias = or += Σ_rows of a chunk's gradients, of as many rows as `order` counts from `first` on: a workgroup takes 64 words of columns, and four lanes to each word share its rows.
struct Params { rows: u32, words: u32, vocab: u32, first: u32, accumulate: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> dbias: array<f32>;

var<workgroup> parts: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let word = (id.y * groups.x + id.x) * 64u + lane % 64u;
  var sum = vec4f();
  let rows = min(params.rows, max(params.first, order[0]) - params.first);
  if (word < params.words) {
    for (var row = lane / 64u; row < rows; row += 4u) { sum += gradients[row * params.words + word]; }
  }
  parts[lane] = sum;
  workgroupBarrier();
  if (lane >= 64u || word >= params.words) { return; }
  sum = (parts[lane] + parts[lane + 64u]) + (parts[lane + 128u] + parts[lane + 192u]);
  for (var j = 0u; j < min(4u, params.vocab - 4u * word); j++) {
    let at = 4u * word + j;
    dbias[at] = sum[j] + select(0.0, dbias[at], params.accumulate != 0u);
  }
}

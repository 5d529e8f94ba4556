// `lanes` lanes a row: rstd = 1 / √(mean(x²) + eps), y = x · rstd · weight.
struct Params { rows: u32, words: u32, lanes: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read_write> y: array<Word>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  let words = select(0u, params.words, place.row < params.rows);
  let start = place.row * params.words;
  var squares = Word();
  for (var w = place.own; w < words; w += params.lanes) {
    let v = x[start + w];
    squares = fma(v, v, squares);
  }
  let scale = inverseSqrt(rowSum(lane, wordSum(squares)) / f32(params.words * WORD) + params.eps);
  if (place.own == 0u && words > 0u) { rstd[place.row] = scale; }
  for (var w = place.own; w < words; w += params.lanes) { y[start + w] = x[start + w] * scale * weight[w]; }
}

// `lanes` lanes a row: y = weight · (x − mean) · rstd + bias. The mean is taken once more over x − mean, so that neither it nor
// the variance loses digits where the mean is large beside the deviations.
struct Params { rows: u32, words: u32, lanes: u32, eps: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read> weight: array<Word>;
@group(0) @binding(3) var<storage, read> bias: array<Word>;
@group(0) @binding(4) var<storage, read_write> y: array<Word>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

override HAS_BIAS: bool = false;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  let words = select(0u, params.words, place.row < params.rows);
  let cols = f32(params.words * WORD);
  let start = place.row * params.words;
  var total = Word();
  for (var w = place.own; w < words; w += params.lanes) { total += x[start + w]; }
  let center = rowSum(lane, wordSum(total)) / cols;
  var rest = Word();
  var squares = Word();
  for (var w = place.own; w < words; w += params.lanes) {
    let v = x[start + w] - Word(center);
    rest += v;
    squares = fma(v, v, squares);
  }
  let sums = rowSum2(lane, vec2f(wordSum(rest), wordSum(squares))) / cols;
  let shift = sums.x;
  let scale = inverseSqrt(max(0.0, sums.y - shift * shift) + params.eps);
  if (place.own == 0u && words > 0u) {
    mean[place.row] = center + shift;
    rstd[place.row] = scale;
  }
  for (var w = place.own; w < words; w += params.lanes) {
    let normal = (x[start + w] - Word(center) - Word(shift)) * scale;
    var to = normal * weight[w];
    if (HAS_BIAS) { to += bias[w]; }
    y[start + w] = to;
  }
}

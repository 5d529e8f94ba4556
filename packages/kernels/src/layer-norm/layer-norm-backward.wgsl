// A stretch of rows by a block of columns: with x̂ = (x − mean) · rstd and g = dy · weight,
// dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)), where the means are over the whole row. The stretch's Σ dy · x̂ and Σ dy go to its
// own rows of the partial sums [stretches, cols], so that sums are added in a fixed order.
struct Params { rows: u32, words: u32, lanes: u32, grain: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Word>;
@group(0) @binding(2) var<storage, read> x: array<Word>;
@group(0) @binding(3) var<storage, read> weight: array<Word>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> rstd: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<Word>;
@group(0) @binding(7) var<storage, read_write> partialWeight: array<Word>;
@group(0) @binding(8) var<storage, read_write> partialBias: array<Word>;

override HAS_DBIAS: bool = false;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let lanes = params.lanes;
  let stretch = stretchOf(id);
  let own = lane & (lanes - 1u);
  var keptWeight: array<Word, KEPT>;
  var keptBias: array<Word, KEPT>;
  for (var begin = stretch.begin; begin < stretch.end; begin += GROUP / lanes) {
    let row = begin + lane / lanes;
    let live = row < stretch.end;
    let start = row * params.words;
    let center = Word(mean[min(row, stretch.end - 1u)]);
    let scale = rstd[min(row, stretch.end - 1u)];
    var total = Word();
    var dots = Word();
    for (var w = own; w < select(0u, params.words, live); w += lanes) {
      let g = dy[start + w] * weight[w];
      total += g;
      dots = fma(g, x[start + w] - center, dots);
    }
    let means = rowSum2(lane, vec2f(wordSum(total), wordSum(dots) * scale)) / f32(params.words * WORD);
    for (var k = 0u; k < KEPT; k++) {
      let w = stretch.first + own + k * lanes;
      if (live && w < stretch.last) {
        let d = dy[start + w];
        let normal = (x[start + w] - center) * scale;
        keptWeight[k] = fma(d, normal, keptWeight[k]);
        keptBias[k] += d;
        dx[start + w] = scale * fma(normal, Word(-means.y), d * weight[w] - Word(means.x));
      }
    }
  }
  for (var k = 0u; k < KEPT && stretch.first + k * lanes < stretch.last; k++) {
    let w = stretch.first + own + k * lanes;
    let sum = sumTogether(lane, keptWeight[k]);
    if (lane < lanes && w < stretch.last) { partialWeight[id.x * params.words + w] = sum; }
    if (HAS_DBIAS) {
      let bias = sumTogether(lane, keptBias[k]);
      if (lane < lanes && w < stretch.last) { partialBias[id.x * params.words + w] = bias; }
    }
  }
}

// A stretch of rows by a block of columns: with x̂ = x · rstd and g = dy · weight, dx = rstd · (g − x̂ · mean(g · x̂)), where the
// mean is over the whole row. The stretch's Σ dy · x̂ goes to its own row of `partials` [stretches, cols], so that sums are added
// in a fixed order.
struct Params { rows: u32, words: u32, lanes: u32, grain: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Word>;
@group(0) @binding(2) var<storage, read> x: array<Word>;
@group(0) @binding(3) var<storage, read> weight: array<Word>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Word>;
@group(0) @binding(6) var<storage, read_write> partials: array<Word>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let lanes = params.lanes;
  let stretch = stretchOf(id);
  let own = lane & (lanes - 1u);
  var kept: array<Word, KEPT>;
  for (var begin = stretch.begin; begin < stretch.end; begin += GROUP / lanes) {
    let row = begin + lane / lanes;
    let live = row < stretch.end;
    let start = row * params.words;
    let scale = rstd[min(row, stretch.end - 1u)];
    var dots = Word();
    for (var w = own; w < select(0u, params.words, live); w += lanes) {
      dots = fma(dy[start + w] * weight[w], x[start + w], dots);
    }
    let mean = rowSum(lane, wordSum(dots)) * scale / f32(params.words * WORD);
    for (var k = 0u; k < KEPT; k++) {
      let w = stretch.first + own + k * lanes;
      if (live && w < stretch.last) {
        let g = dy[start + w];
        let normal = x[start + w] * scale;
        kept[k] = fma(g, normal, kept[k]);
        dx[start + w] = scale * fma(normal, Word(-mean), g * weight[w]);
      }
    }
  }
  for (var k = 0u; k < KEPT && stretch.first + k * lanes < stretch.last; k++) {
    let w = stretch.first + own + k * lanes;
    let sum = sumTogether(lane, kept[k]);
    if (lane < lanes && w < stretch.last) { partials[id.x * params.words + w] = sum; }
  }
}

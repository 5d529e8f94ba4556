// `lanes` lanes a row: dx = y · (dy − Σ dy · y), or with LOGARITHM, where y is a logarithm, dx = dy − exp(y) · Σ dy.
struct Params { rows: u32, words: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Word>;
@group(0) @binding(2) var<storage, read> y: array<Word>;
@group(0) @binding(3) var<storage, read_write> dx: array<Word>;

override LOGARITHM: bool = false;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  let words = select(0u, params.words, place.row < params.rows);
  let start = place.row * params.words;
  var dots = Word();
  for (var w = place.own; w < words; w += params.lanes) {
    if (LOGARITHM) { dots += dy[start + w]; } else { dots = fma(dy[start + w], y[start + w], dots); }
  }
  let sum = Word(rowSum(lane, wordSum(dots)));
  for (var w = place.own; w < words; w += params.lanes) {
    let g = dy[start + w];
    let v = y[start + w];
    if (LOGARITHM) { dx[start + w] = fma(exp(v), -sum, g); } else { dx[start + w] = v * (g - sum); }
  }
}

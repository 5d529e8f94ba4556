// `lanes` lanes a row: y = exp(x) / Σ exp(x), or with LOGARITHM x − ln Σ exp(x). Each lane keeps the largest number it has met and
// the powers relative to it, so that the row is read twice.
struct Params { rows: u32, words: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Word>;
@group(0) @binding(2) var<storage, read_write> y: array<Word>;

override LOGARITHM: bool = false;

// Stands for −∞, whose differences would be NaN.
const LOWEST = -3.4028234e38;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  let words = select(0u, params.words, place.row < params.rows);
  let start = place.row * params.words;
  var own = LOWEST;
  var powers = Word();
  for (var w = place.own; w < words; w += params.lanes) {
    let v = x[start + w];
    let larger = wordMost(v);
    if (larger > own) {
      powers *= exp(own - larger);
      own = larger;
    }
    powers += exp(v - Word(own));
  }
  let most = rowMost(lane, own);
  let sum = rowSum(lane, wordSum(powers) * exp(own - most));
  if (LOGARITHM) {
    // Two subtractions, as the sum of both would lose the digits of the smaller.
    let rest = select(log(sum), notANumber(), sum == 0.0);
    for (var w = place.own; w < words; w += params.lanes) { y[start + w] = x[start + w] - Word(most) - Word(rest); }
  } else {
    let scale = select(1.0 / sum, notANumber(), sum == 0.0);
    for (var w = place.own; w < words; w += params.lanes) { y[start + w] = exp(x[start + w] - Word(most)) * scale; }
  }
}

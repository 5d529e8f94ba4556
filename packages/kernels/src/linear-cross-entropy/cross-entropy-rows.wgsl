// `lanes` lanes a row of logits z, which are whole words with room behind them: the largest logit, Σ exp(z − largest) and Σ z in
// one reading, the loss from them, and then, where it is wanted, the gradient of scale · loss written over the row.
// The rows are those of the batch whose numbers `order` has from `first` on; only as many as it counts are touched.
// Exponentials are relative to the row's largest logit, never to a rounded logarithm of their sum.
struct Params { rows: u32, words: u32, lanes: u32, vocab: u32, first: u32, labelSmoothing: f32, zLoss: f32, perTemperature: f32, softCap: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> z: array<vec4f>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<i32>;
@group(0) @binding(4) var<storage, read> rowScale: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;
@group(0) @binding(6) var<storage, read_write> entropy: array<f32>;
@group(0) @binding(7) var<storage, read_write> correct: array<f32>;

override HAS_SCALE: bool = false;
override KEEP_ENTROPY: bool = false;
override KEEP_CORRECT: bool = false;
override GRADIENT: bool = false;

// Word `at` of the logits as they count.
fn logitsAt(at: u32) -> vec4f {
  var v = z[at];
  if (params.softCap > 0.0) { v = softCapped(v, params.softCap); }
  return v * params.perTemperature;
}

// Stands for −∞, whose differences would be NaN.
const LOWEST = -3.4028234e38;
// A difference whose exponential is 0, so that their product is 0 even where the difference is −∞.
const LEAST = -1e4;

// The logarithm of a sum of which 1 is one term: where the others are small, by its series, since their digits are all there is.
fn logOfSum(sum: f32) -> f32 {
  let rest = sum - 1.0;
  return select(log(sum), rest * fma(rest, fma(rest, 0.3333333, -0.5), 1.0), abs(rest) < 0.01);
}

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = placeOf(id, groups, lane);
  let inside = place.row < params.rows && params.first + place.row < order[0];
  let words = select(0u, params.words, inside);
  let start = place.row * params.words;
  var row = 0u;
  if (inside) { row = order[1u + params.first + place.row]; }
  let four = vec4u(0u, 1u, 2u, 3u);

  var own = LOWEST;
  var powers = vec4f();
  // Σ exp(z − own) (z − own), for the entropy.
  var weighted = vec4f();
  var logits = vec4f();
  var best = 0u;
  for (var w = place.own; w < words; w += params.lanes) {
    let known = vec4u(4u * w) + four < vec4u(params.vocab);
    let v = select(vec4f(LOWEST), logitsAt(start + w), known);
    let larger = wordMost(v);
    if (larger > own) {
      if (KEEP_ENTROPY) { weighted = exp(own - larger) * (weighted + max(own - larger, LEAST) * powers); }
      powers *= exp(own - larger);
      own = larger;
      if (KEEP_CORRECT) { best = 4u * w + select(select(select(3u, 2u, v.z == larger), 1u, v.y == larger), 0u, v.x == larger); }
    }
    powers += exp(v - vec4f(own));
    if (KEEP_ENTROPY) { weighted += exp(v - vec4f(own)) * max(v - vec4f(own), vec4f(LEAST)); }
    logits += select(vec4f(), v, known);
  }
  let wanted = targets[row];
  let outside = wanted < 0 || u32(wanted) >= params.vocab;
  let column = select(u32(wanted), 0u, outside);
  // Read before any lane writes: the sums below wait for all of them.
  let correctLogit = logitsAt(select(0u, start + column / 4u, inside))[column % 4u];

  let most = rowMost(lane, own);
  // Of equal logits the first counts; numbers of columns are exact in f32 up to 2²⁴.
  var winner = 0.0;
  if (KEEP_CORRECT) { winner = -rowMost(lane, select(LOWEST, -f32(best), own == most)); }
  let sums = rowSum2(lane, vec2f(wordSum(powers) * exp(own - most), wordSum(logits)));
  var weightedSum = 0.0;
  if (KEEP_ENTROPY) { weightedSum = rowSum(lane, exp(own - most) * (wordSum(weighted) + max(own - most, LEAST) * wordSum(powers))); }
  let rest = logOfSum(sums.x);
  let logSum = most + rest;
  if (inside && place.own == 0u) {
    if (KEEP_ENTROPY) { entropy[row] = rest - weightedSum / sums.x; }
    if (KEEP_CORRECT) { correct[row] = select(1.0, 0.0, outside || f32(column) != winner); }
    let mean = sums.y / f32(params.vocab);
    // lse − z_t from its parts: where the target is certain, they nearly cancel.
    var value = (most - correctLogit + rest) + params.zLoss * logSum * logSum;
    if (params.labelSmoothing != 0.0) { value += params.labelSmoothing * (correctLogit - mean); }
    if (outside) { value = notANumber(); }
    loss[row] = value;
  }
  if (!GRADIENT) { return; }
  var scale = 1.0;
  if (HAS_SCALE) { scale = rowScale[row]; }
  scale *= params.perTemperature;
  let factor = scale * (1.0 + 2.0 * params.zLoss * logSum) / sums.x;
  let less = scale * params.labelSmoothing / f32(params.vocab);
  let least = scale * (1.0 - params.labelSmoothing);
  for (var w = place.own; w < words; w += params.lanes) {
    let columns = vec4u(4u * w) + four;
    let v = logitsAt(start + w);
    var g = exp(v - vec4f(most)) * factor - less;
    g -= select(vec4f(), vec4f(least), columns == vec4u(column));
    if (params.softCap > 0.0) { g *= softCapSlope(v, params.softCap * params.perTemperature); }
    if (outside) { g = vec4f(notANumber()); }
    z[start + w] = select(vec4f(), g, columns < vec4u(params.vocab));
  }
}

// What every program of the product has in common: c [batch, m, n] = activation(op(a) · op(b) + bias) + residual, where rows,
// matrices and tensors begin where the scalars say, in numbers. One file of matmul-in*.wgsl declares a and b, one of
// matmul-out*.wgsl c, bias, residual and before, and writes results. The sum over k is cut into `splits` of `kStep`.
// `lanes` is for matmul-few-rows.wgsl. Where a program before found how many rows of c count, or terms of each sum, `counted` has
// that number, from which `countedBefore` is taken; rows of c beyond stay as they are, in whole tiles.
struct Params {
  batch: u32, m: u32, n: u32, k: u32,
  aStart: u32, aBatch: u32, aRow: u32,
  bStart: u32, bBatch: u32, bRow: u32,
  cStart: u32, cBatch: u32, cRow: u32, cSplit: u32,
  splits: u32, kStep: u32, lanes: u32, countedBefore: u32,
}
@group(0) @binding(0) var<uniform> params: Params;

@group(0) @binding(7) var<storage, read> counted: array<u32>;

override COUNTED_ROWS: bool = false;
override COUNTED_TERMS: bool = false;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override ACCUMULATE: bool = false;
override HAS_BIAS: bool = false;
override ACTIVATION: u32 = 0u;
override HAS_RESIDUAL: bool = false;
override KEEP_BEFORE: bool = false;

// f(x) of the activation.
fn activated(x: vec4f) -> vec4f {
  if (ACTIVATION == 0u) { return x; }
  return x * vec4f(activationWeight(ACTIVATION, x.x), activationWeight(ACTIVATION, x.y), activationWeight(ACTIVATION, x.z), activationWeight(ACTIVATION, x.w));
}

// One tile of c and one stretch of k.
struct Task { row: u32, col: u32, batch: u32, split: u32, kBegin: u32, kEnd: u32 }

// The task of a workgroup. Tiles come in bands of eight rows of tiles, so that those which run together share what they read.
fn taskOf(id: vec3u, groups: vec3u, tileRows: u32, tileCols: u32) -> Task {
  let down = (params.m + tileRows - 1u) / tileRows;
  let across = (params.n + tileCols - 1u) / tileCols;
  let number = id.y * groups.x + id.x;
  let matrix = number / (down * across);
  let tile = number % (down * across);
  let band = tile / (8u * across);
  let inBand = tile % (8u * across);
  let height = min(8u, down - 8u * band);
  let split = matrix / params.batch;
  let begin = split * params.kStep;
  var end = min(params.k, begin + params.kStep);
  if (COUNTED_TERMS) { end = min(end, countedHere()); }
  return Task((8u * band + inBand % height) * tileRows, (inBand / height) * tileCols, matrix % params.batch, split, begin, end);
}

fn countedHere() -> u32 { return max(params.countedBefore, counted[0]) - params.countedBefore; }

// Whether the workgroup has a task: a grid may be a little larger than what there is to do.
fn hasTask(task: Task) -> bool {
  if (COUNTED_ROWS && task.row >= countedHere()) { return false; }
  return task.split < params.splits;
}

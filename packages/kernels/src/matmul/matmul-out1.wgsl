// Results of any length of row: the same as matmul-out4.wgsl, number by number.
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> before: array<f32>;

fn finish(task: Task, row: u32, col: u32, sums: vec4f) {
  if (row >= params.m || col >= params.n) { return; }
  let to = params.cStart + task.split * params.cSplit + task.batch * params.cBatch + row * params.cRow + col;
  let like = (task.batch * params.m + row) * params.n + col;
  var x = sums;
  for (var j = 0u; j < 4u; j++) {
    if (col + j >= params.n) { break; }
    if (ACCUMULATE) { x[j] += c[to + j]; }
    if (HAS_BIAS) { x[j] += bias[col + j]; }
    if (KEEP_BEFORE) { before[like + j] = x[j]; }
  }
  x = activated(x);
  for (var j = 0u; j < 4u; j++) {
    if (col + j >= params.n) { break; }
    if (HAS_RESIDUAL) { x[j] += residual[like + j]; }
    c[to + j] = x[j];
  }
}

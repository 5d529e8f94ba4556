// Results in whole words of four numbers: rows of c begin at words, and where n is no multiple of four c has room for the rest.
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> before: array<vec4f>;

// Four sums of a row of c through the epilogue; nothing outside the matrix.
fn finish(task: Task, row: u32, col: u32, sums: vec4f) {
  if (row >= params.m || col >= params.n) { return; }
  let to = (params.cStart + task.split * params.cSplit + task.batch * params.cBatch + row * params.cRow + col) / 4u;
  let like = ((task.batch * params.m + row) * params.n + col) / 4u;
  var x = sums;
  if (ACCUMULATE) { x += c[to]; }
  if (HAS_BIAS) {
    let last = params.n - 1u;
    let at = min(vec4u(col) + vec4u(0u, 1u, 2u, 3u), vec4u(last));
    x += vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
    x = select(vec4f(), x, vec4u(col) + vec4u(0u, 1u, 2u, 3u) <= vec4u(last));
  }
  if (KEEP_BEFORE) { before[like] = x; }
  x = activated(x);
  if (HAS_RESIDUAL) { x += residual[like]; }
  c[to] = x;
}

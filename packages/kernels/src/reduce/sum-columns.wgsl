// One workgroup a block of WIDTH columns, a power of two, and a stretch of `height` rows, whose sums go to row `stretch` of
// y [stretches, cols]. Neighbouring lanes take neighbouring columns; lanes WIDTH apart take rows in turn, four at a time, and are
// then joined in pairs.
override WIDTH: u32;
struct Params { tasks: u32, across: u32, rows: u32, cols: u32, height: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const GROUP = 256u;
var<workgroup> sums: array<f32, GROUP>;

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let task = id.y * groups.x + id.x;
  if (task >= params.tasks) { return; }
  let stretch = task / params.across;
  let c = (task - stretch * params.across) * WIDTH + lane % WIDTH;
  let depth = GROUP / WIDTH;
  let layer = lane / WIDTH;
  var four = vec4f(0.0);
  if (c < params.cols) {
    let end = min((stretch + 1u) * params.height, params.rows);
    let step = depth * params.cols;
    var r = stretch * params.height + layer;
    for (; r + 3u * depth < end; r += 4u * depth) {
      let i = r * params.cols + c;
      four += vec4f(x[i], x[i + step], x[i + 2u * step], x[i + 3u * step]);
    }
    for (; r < end; r += depth) { four.x += x[r * params.cols + c]; }
  }
  sums[lane] = (four.x + four.y) + (four.z + four.w);
  for (var half = depth / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (layer < half) { sums[lane] += sums[lane + half * WIDTH]; }
  }
  if (layer == 0u && c < params.cols) { y[stretch * params.cols + c] = sums[lane]; }
}

// LANES invocations a task, a power of two: task t is part t % parts of row t / parts, `width` numbers at most, whose sum or maximum
// goes to y[t], divided by `divisor`. A lane takes numbers LANES apart, four at a time; then the lanes are joined in pairs.
override LANES: u32;
override IS_MAX: bool;
struct Params { tasks: u32, cols: u32, parts: u32, width: u32, empty: f32, divisor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const GROUP = 256u;
var<workgroup> results: array<f32, GROUP>;

// Of a maximum, NaN stays.
fn joined(a: vec4f, b: vec4f) -> vec4f {
  if (IS_MAX) { return select(select(b, a, (a > b) | isNan(a)), b, isNan(b)); }
  return a + b;
}

fn joinedPair(a: f32, b: f32) -> f32 { return joined(vec4f(a), vec4f(b)).x; }

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let part = lane % LANES;
  let task = (id.y * groups.x + id.x) * (GROUP / LANES) + lane / LANES;
  let row = task / params.parts;
  let first = (task - row * params.parts) * params.width;
  var four = vec4f(params.empty);
  if (task < params.tasks) {
    let start = row * params.cols;
    let end = start + min(first + params.width, params.cols);
    var i = start + first + part;
    for (; i + 3u * LANES < end; i += 4u * LANES) {
      four = joined(four, vec4f(x[i], x[i + LANES], x[i + 2u * LANES], x[i + 3u * LANES]));
    }
    for (; i < end; i += LANES) { four.x = joinedPair(four.x, x[i]); }
  }
  results[lane] = joinedPair(joinedPair(four.x, four.y), joinedPair(four.z, four.w));
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (part < half) { results[lane] = joinedPair(results[lane], results[lane + half]); }
  }
  if (part == 0u && task < params.tasks) { y[task] = results[lane] / params.divisor; }
}

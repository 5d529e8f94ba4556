// One invocation a word: word c of run r = (i · size1 + j) · size2 + k comes from start + i · in0 + j · in1 + k · in2 + c · in3 in
// x and goes to first + r · step + c in y. AXES says how many of the axes i, j, k, counted from k, are longer than 1.
override AXES: u32;
struct Params {
  count: u32, length: u32, size1: u32, size2: u32, in0: u32, in1: u32, in2: u32, in3: u32, start: u32, step: u32, first: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Bits>;
@group(0) @binding(2) var<storage, read_write> y: array<Bits>;

fn startOf(run: u32) -> u32 {
  if (AXES == 0u) { return params.start; }
  if (AXES == 1u) { return params.start + run * params.in2; }
  let outer = run / params.size2;
  let inner = params.start + (run - outer * params.size2) * params.in2;
  if (AXES == 2u) { return inner + outer * params.in1; }
  let i = outer / params.size1;
  return inner + (outer - i * params.size1) * params.in1 + i * params.in0;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let word = (id.y * groups.x + id.x) * 256u + lane;
  if (word >= params.count) { return; }
  var run = 0u;
  if (AXES > 0u) { run = word / params.length; }
  let c = word - run * params.length;
  y[params.first + run * params.step + c] = x[startOf(run) + c * params.in3];
}

// Adds the parts of a product that was cut along k, which lie one after the other in a, in their order, and finishes it.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let words = (params.n + 3u) / 4u;
  let i = (id.y * groups.x + id.x) * 64u + lane;
  let row = i / words;
  if (row >= params.batch * params.m) { return; }
  let col = 4u * (i % words);
  var sum = vec4f();
  for (var split = 0u; split < params.splits; split++) {
    sum += fetchA(split * params.aBatch + row * params.aRow + col, params.n - col);
  }
  finish(Task(0u, 0u, row / params.m, 0u, 0u, 0u), row % params.m, col, sum);
}

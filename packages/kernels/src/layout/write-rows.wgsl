// One invocation a word of x [batch, rows, width], which goes to row offsets[batch] + row of y [batch, capacity, width], or nowhere
// where y has no such row.
struct Params { count: u32, rows: u32, width: u32, capacity: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Bits>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<Bits>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let word = (id.y * groups.x + id.x) * 256u + lane;
  if (word >= params.count) { return; }
  let line = word / params.width;
  let batch = line / params.rows;
  // Past 2³¹ − 1 this is negative again.
  let row = offsets[batch] + i32(line - batch * params.rows);
  if (row < 0 || row >= i32(params.capacity)) { return; }
  y[(batch * params.capacity + u32(row)) * params.width + (word - line * params.width)] = x[word];
}

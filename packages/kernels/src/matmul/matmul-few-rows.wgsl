// Few rows of a times a large b, which streams through once: a lane multiplies words of four along k of up to eight rows with
// 4 × 4 numbers of b, and the lanes that share four columns of c then add their sums up by a tree. Neighbouring lanes read
// neighbouring words of b: along k where b lies as [n, k], else along n.
override ROWS: u32 = 1u;
const GROUP = 256u;

var<workgroup> parts: array<vec4f, GROUP>;

// The sum over the lanes of a set, in its first lane. Every lane of the workgroup takes part.
fn setSum(at: u32, part: u32, value: vec4f) -> vec4f {
  parts[at] = value;
  var width = params.lanes;
  while (width > 1u) {
    let rest = (width + 3u) / 4u;
    workgroupBarrier();
    if (part < rest) {
      var sum = parts[at];
      for (var other = rest; part + other < width; other += rest) { sum += parts[at + other]; }
      parts[at] = sum;
    }
    width = rest;
  }
  workgroupBarrier();
  return parts[at];
}

@compute @workgroup_size(GROUP)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  // Lanes along k, and how many times as many there are.
  let lanes = params.lanes;
  let sets = GROUP / lanes;
  let task = taskOf(id, groups, ROWS, 4u * sets);
  if (!hasTask(task)) { return; }
  let part = select(lane / sets, lane % lanes, TRANSPOSE_B);
  let group = select(lane % sets, lane / lanes, TRANSPOSE_B);
  let col = task.col + 4u * group;
  let cols = select(0u, params.n - col, col < params.n);
  let rows = params.m - task.row;
  let aStart = params.aStart + task.batch * params.aBatch + task.row * params.aRow;
  let bStart = params.bStart + task.batch * params.bBatch;

  var sums: array<vec4f, 8>;
  for (var k = task.kBegin + 4u * part; k < task.kEnd; k += 4u * lanes) {
    let left = task.kEnd - k;
    if (TRANSPOSE_B) {
      let at = bStart + col * params.bRow + k;
      let w = mat4x4f(
        fetchB(at, select(0u, left, cols > 0u)), fetchB(at + params.bRow, select(0u, left, cols > 1u)),
        fetchB(at + 2u * params.bRow, select(0u, left, cols > 2u)), fetchB(at + 3u * params.bRow, select(0u, left, cols > 3u)),
      );
      for (var r = 0u; r < ROWS; r++) { sums[r] += fetchA(aStart + r * params.aRow + k, select(0u, left, r < rows)) * w; }
    } else {
      let at = bStart + k * params.bRow + col;
      let w = mat4x4f(
        fetchB(at, cols), fetchB(at + params.bRow, select(0u, cols, left > 1u)),
        fetchB(at + 2u * params.bRow, select(0u, cols, left > 2u)), fetchB(at + 3u * params.bRow, select(0u, cols, left > 3u)),
      );
      for (var r = 0u; r < ROWS; r++) { sums[r] += w * fetchA(aStart + r * params.aRow + k, select(0u, left, r < rows)); }
    }
  }
  for (var r = 0u; r < ROWS; r++) {
    let sum = setSum(group * lanes + part, part, sums[r]);
    if (part == 0u) { finish(task, task.row + r, col, sum); }
    workgroupBarrier();
  }
}

// The product on matrix units: a workgroup of eight subgroups, two down and four across, computes a tile of c, and each of them
// 4 × 2 units of it. Operands are rounded to f16 on their way into workgroup memory, where they keep the direction they have;
// sums are f32. There are two panels as in matmul.wgsl. Results go through workgroup memory too, which gives each number a lane
// that knows where it belongs. matmul-unit16.wgsl or matmul-unit8.wgsl in front says what the units are.
const SUBGROUPS_M = 2u;
const SUBGROUPS_N = 4u;
const UNITS_M = 4u;
const UNITS_N = 2u;
const TILE_M = SUBGROUPS_M * UNITS_M * UNIT_M;
const TILE_N = SUBGROUPS_N * UNITS_N * UNIT_N;
const PANEL = 32u;
// From one row of a panel to the next: eight numbers more than it has, so that a unit's rows fall into different banks.
const PAD = 8u;
const SIZE_A = max(TILE_M * (PANEL + PAD), PANEL * (TILE_M + PAD));
const SIZE_B = max(TILE_N * (PANEL + PAD), PANEL * (TILE_N + PAD));
const WORDS_A = TILE_M * PANEL / 4u;
const WORDS_B = TILE_N * PANEL / 4u;
const PATCH = UNIT_M * UNIT_N;

override SUBGROUP: u32 = 32u;
override LANES: u32 = SUBGROUP * SUBGROUPS_M * SUBGROUPS_N;
// Words of four of each operand that a lane carries.
override CARRY_A: u32 = WORDS_A / LANES;
override CARRY_B: u32 = WORDS_B / LANES;

alias Left = subgroup_matrix_left<f16, UNIT_K, UNIT_M>;
alias Right = subgroup_matrix_right<f16, UNIT_N, UNIT_K>;
alias Sums = subgroup_matrix_result<f32, UNIT_N, UNIT_M>;

var<workgroup> panels: array<f16, 2u * (SIZE_A + SIZE_B)>;
var<workgroup> patches: array<f32, SUBGROUPS_M * SUBGROUPS_N * PATCH>;

fn put(at: u32, v: Fetched) {
  let half = vec4<f16>(v);
  panels[at] = half.x;
  panels[at + 1u] = half.y;
  panels[at + 2u] = half.z;
  panels[at + 3u] = half.w;
}
fn putA(panel: u32, i: u32, v: Fetched) {
  if (TRANSPOSE_A) { put(panel + i / (TILE_M / 4u) * (TILE_M + PAD) + 4u * (i % (TILE_M / 4u)), v); return; }
  put(panel + i / (PANEL / 4u) * (PANEL + PAD) + 4u * (i % (PANEL / 4u)), v);
}
fn putB(panel: u32, i: u32, v: Fetched) {
  if (!TRANSPOSE_B) { put(panel + SIZE_A + i / (TILE_N / 4u) * (TILE_N + PAD) + 4u * (i % (TILE_N / 4u)), v); return; }
  put(panel + SIZE_A + i / (PANEL / 4u) * (PANEL + PAD) + 4u * (i % (PANEL / 4u)), v);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32, @builtin(subgroup_invocation_id) own: u32,
) {
  let task = taskOf(id, groups, TILE_M, TILE_N);
  if (!hasTask(task)) { return; }
  let row = subgroup / SUBGROUPS_N * UNITS_M * UNIT_M;
  let col = subgroup % SUBGROUPS_N * UNITS_N * UNIT_N;

  var sums: array<Sums, UNITS_M * UNITS_N>;
  var left: array<Left, UNITS_M>;
  var right: array<Right, UNITS_N>;
  var carriedA: array<Fetched, 8>;
  var carriedB: array<Fetched, 8>;
  var panel = 0u;
  var k = task.kBegin;
  // The first turn has nothing to multiply yet, and the last nothing to fetch.
  loop {
    let first = k == task.kBegin;
    let more = k < task.kEnd;
    if (more) {
      for (var i = 0u; i < CARRY_A; i++) { carriedA[i] = wordOfA(task, k, lane + i * LANES); }
      for (var i = 0u; i < CARRY_B; i++) { carriedB[i] = wordOfB(task, k, lane + i * LANES); }
    }
    if (!first) {
      let readyA = SIZE_A + SIZE_B - panel;
      let readyB = readyA + SIZE_A;
      for (var at = 0u; at < PANEL; at += UNIT_K) {
        for (var i = 0u; i < UNITS_M; i++) {
          if (TRANSPOSE_A) {
            left[i] = subgroupMatrixLoad<Left, col_major>(&panels, readyA + at * (TILE_M + PAD) + row + i * UNIT_M, TILE_M + PAD);
          } else {
            left[i] = subgroupMatrixLoad<Left, row_major>(&panels, readyA + (row + i * UNIT_M) * (PANEL + PAD) + at, PANEL + PAD);
          }
        }
        for (var j = 0u; j < UNITS_N; j++) {
          if (TRANSPOSE_B) {
            right[j] = subgroupMatrixLoad<Right, col_major>(&panels, readyB + (col + j * UNIT_N) * (PANEL + PAD) + at, PANEL + PAD);
          } else {
            right[j] = subgroupMatrixLoad<Right, row_major>(&panels, readyB + at * (TILE_N + PAD) + col + j * UNIT_N, TILE_N + PAD);
          }
        }
        for (var i = 0u; i < UNITS_M; i++) {
          for (var j = 0u; j < UNITS_N; j++) {
            sums[i * UNITS_N + j] = subgroupMatrixMultiplyAccumulate(left[i], right[j], sums[i * UNITS_N + j]);
          }
        }
      }
    }
    if (!more) { break; }
    for (var i = 0u; i < CARRY_A; i++) { putA(panel, lane + i * LANES, carriedA[i]); }
    for (var i = 0u; i < CARRY_B; i++) { putB(panel, lane + i * LANES, carriedB[i]); }
    workgroupBarrier();
    panel = SIZE_A + SIZE_B - panel;
    k += PANEL;
  }

  let ours = subgroup * PATCH;
  for (var i = 0u; i < UNITS_M; i++) {
    for (var j = 0u; j < UNITS_N; j++) {
      subgroupMatrixStore<row_major>(&patches, ours, sums[i * UNITS_N + j], UNIT_N);
      workgroupBarrier();
      for (var word = own; word < PATCH / 4u; word += SUBGROUP) {
        let at = ours + 4u * word;
        let v = vec4f(patches[at], patches[at + 1u], patches[at + 2u], patches[at + 3u]);
        finish(task, task.row + row + i * UNIT_M + word / (UNIT_N / 4u), task.col + col + j * UNIT_N + 4u * (word % (UNIT_N / 4u)), v);
      }
      workgroupBarrier();
    }
  }
}

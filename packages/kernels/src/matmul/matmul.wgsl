// A workgroup computes a tile of c from panels of a and b in workgroup memory, each kept by rows of k: [PANEL][tile]. A lane
// holds one to four blocks of 4 × 4 sums, which lie half a tile apart so that neighbours read neighbouring words. There are two
// panels: while one is multiplied, the next is on its way through registers into the other, with one barrier for each.
// matmul-f32.wgsl or matmul-f16.wgsl in front says what panels are kept in, and matmul-tile-*.wgsl how large they are: as
// constants, so that a place in a panel is known to be inside it once the loop over the panel is unrolled.
const ACROSS = TILE_N / (4u * BLOCKS_N);
const DOWN = TILE_M / (4u * BLOCKS_M);
const LANES = ACROSS * DOWN;
// Words of four in a tile's panel.
const WORDS_A = TILE_M * PANEL / 4u;
const WORDS_B = TILE_N * PANEL / 4u;

// Each row has one word more than it needs, so that columns fall into different banks.
var<workgroup> panelsA: array<array<array<Held, TILE_M / 4u + 1u>, PANEL>, 2>;
var<workgroup> panelsB: array<array<array<Held, TILE_N / 4u + 1u>, PANEL>, 2>;

// A word that lies along k goes into four rows of the panel.
fn putA(panel: u32, i: u32, word: Fetched) {
  let v = Held(word);
  if (TRANSPOSE_A) { panelsA[panel][i / (TILE_M / 4u)][i % (TILE_M / 4u)] = v; return; }
  let row = i / (PANEL / 4u);
  let k = 4u * (i % (PANEL / 4u));
  panelsA[panel][k][row / 4u][row % 4u] = v.x;
  panelsA[panel][k + 1u][row / 4u][row % 4u] = v.y;
  panelsA[panel][k + 2u][row / 4u][row % 4u] = v.z;
  panelsA[panel][k + 3u][row / 4u][row % 4u] = v.w;
}
fn putB(panel: u32, i: u32, word: Fetched) {
  let v = Held(word);
  if (!TRANSPOSE_B) { panelsB[panel][i / (TILE_N / 4u)][i % (TILE_N / 4u)] = v; return; }
  let col = i / (PANEL / 4u);
  let k = 4u * (i % (PANEL / 4u));
  panelsB[panel][k][col / 4u][col % 4u] = v.x;
  panelsB[panel][k + 1u][col / 4u][col % 4u] = v.y;
  panelsB[panel][k + 2u][col / 4u][col % 4u] = v.z;
  panelsB[panel][k + 3u][col / 4u][col % 4u] = v.w;
}

// block[i] += x[i] · y.
fn addProduct(block: mat4x4f, x: vec4f, y: vec4f) -> mat4x4f {
  return mat4x4f(fma(vec4f(x.x), y, block[0]), fma(vec4f(x.y), y, block[1]), fma(vec4f(x.z), y, block[2]), fma(vec4f(x.w), y, block[3]));
}
fn finishBlock(task: Task, row: u32, col: u32, block: mat4x4f) {
  finish(task, row, col, block[0]);
  finish(task, row + 1u, col, block[1]);
  finish(task, row + 2u, col, block[2]);
  finish(task, row + 3u, col, block[3]);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let task = taskOf(id, groups, TILE_M, TILE_N);
  if (!hasTask(task)) { return; }
  // Thirty-two lanes next to each other take 8 × 4 blocks, which reads the least.
  let wave = lane / 32u;
  let x = wave % (ACROSS / 8u) * 8u + lane % 8u;
  let y = wave / (ACROSS / 8u) * 4u + lane % 32u / 8u;

  var s00 = mat4x4f();
  var s01 = mat4x4f();
  var s10 = mat4x4f();
  var s11 = mat4x4f();
  // A lane carries one or two words of each operand; with small panels some lanes carry none.
  let takesA = WORDS_A >= LANES || lane < WORDS_A;
  let takesB = WORDS_B >= LANES || lane < WORDS_B;
  var a0 = Fetched();
  var a1 = Fetched();
  var b0 = Fetched();
  var b1 = Fetched();
  var panel = 0u;
  var k = task.kBegin;
  // The first turn has nothing to multiply yet, and the last nothing to fetch.
  loop {
    let first = k == task.kBegin;
    let more = k < task.kEnd;
    if (more) {
      if (takesA) { a0 = wordOfA(task, k, lane); }
      if (WORDS_A > LANES) { a1 = wordOfA(task, k, lane + LANES); }
      if (takesB) { b0 = wordOfB(task, k, lane); }
      if (WORDS_B > LANES) { b1 = wordOfB(task, k, lane + LANES); }
    }
    if (!first) {
      let ready = 1u - panel;
      for (var i = 0u; i < PANEL; i++) {
        let p0 = vec4f(panelsA[ready][i][y]);
        let q0 = vec4f(panelsB[ready][i][x]);
        s00 = addProduct(s00, p0, q0);
        var p1 = vec4f();
        if (BLOCKS_M > 1u) {
          p1 = vec4f(panelsA[ready][i][y + DOWN]);
          s10 = addProduct(s10, p1, q0);
        }
        if (BLOCKS_N > 1u) {
          let q1 = vec4f(panelsB[ready][i][x + ACROSS]);
          s01 = addProduct(s01, p0, q1);
          if (BLOCKS_M > 1u) { s11 = addProduct(s11, p1, q1); }
        }
      }
    }
    if (!more) { break; }
    if (takesA) { putA(panel, lane, a0); }
    if (WORDS_A > LANES) { putA(panel, lane + LANES, a1); }
    if (takesB) { putB(panel, lane, b0); }
    if (WORDS_B > LANES) { putB(panel, lane + LANES, b1); }
    workgroupBarrier();
    panel = 1u - panel;
    k += PANEL;
  }

  let row = task.row + 4u * y;
  let col = task.col + 4u * x;
  finishBlock(task, row, col, s00);
  if (BLOCKS_N > 1u) { finishBlock(task, row, col + 4u * ACROSS, s01); }
  if (BLOCKS_M > 1u) { finishBlock(task, row + 4u * DOWN, col, s10); }
  if (BLOCKS_M > 1u && BLOCKS_N > 1u) { finishBlock(task, row + 4u * DOWN, col + 4u * ACROSS, s11); }
}

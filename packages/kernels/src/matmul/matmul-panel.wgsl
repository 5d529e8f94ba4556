// What a workgroup brings in for a panel of k: TILE_M × PANEL of a and TILE_N × PANEL of b, in words of four along the direction
// in which the operand lies, neighbouring words for neighbouring `i`.
fn wordOfA(task: Task, k: u32, i: u32) -> Fetched {
  let start = params.aStart + task.batch * params.aBatch;
  if (TRANSPOSE_A) {
    let row = task.row + 4u * (i % (TILE_M / 4u));
    let at = k + i / (TILE_M / 4u);
    return fetchA(start + at * params.aRow + row, select(0u, params.m - row, at < task.kEnd && row < params.m));
  }
  let row = task.row + i / (PANEL / 4u);
  let at = k + 4u * (i % (PANEL / 4u));
  return fetchA(start + row * params.aRow + at, select(0u, task.kEnd - at, at < task.kEnd && row < params.m));
}
fn wordOfB(task: Task, k: u32, i: u32) -> Fetched {
  let start = params.bStart + task.batch * params.bBatch;
  if (TRANSPOSE_B) {
    let col = task.col + i / (PANEL / 4u);
    let at = k + 4u * (i % (PANEL / 4u));
    return fetchB(start + col * params.bRow + at, select(0u, task.kEnd - at, at < task.kEnd && col < params.n));
  }
  let col = task.col + 4u * (i % (TILE_N / 4u));
  let at = k + i / (TILE_N / 4u);
  return fetchB(start + at * params.bRow + col, select(0u, params.n - col, at < task.kEnd && col < params.n));
}

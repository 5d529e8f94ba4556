// The inner loop of semantic deduplication, compiled into compiled-products.ts by tools/build-data-loops.mjs: for rows the
// candidate with the largest inner product. largest-products.ts beside it is the definition.

/** Where memory is free. */
export function firstFree(): usize {
  return __heap_base;
}

// @ts-ignore: decorator
@inline
function total(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3);
}

// @ts-ignore: decorator
@inline
function offer(value: f32, candidate: i32, scores: usize, indices: usize, row: i32): void {
  const at = <usize>row << 2;
  if (value <= load<f32>(scores + at)) return;
  store<f32>(scores + at, value);
  store<i32>(indices + at, candidate);
}

// @ts-ignore: decorator
@inline
function one(row: usize, candidate: usize, bytes: usize): f32 {
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(row + at), v128.load(candidate + at)));
  return total(sum);
}

// @ts-ignore: decorator
@inline
function step(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

/**
 * For rows 0 … rowCount - 1 of `bytes` bytes (a multiple of 16) whose numbers start at `firstRow`: where x · c + bias of one of the
 * candidates, whose numbers start at `firstCandidate`, is larger than `scores[row]`, it and its number are stored there. With `earlier`
 * only candidates of a smaller number than the row's count.
 */
export function largest(rows: usize, rowCount: i32, firstRow: i32, candidates: usize, candidateCount: i32, firstCandidate: i32, biases: usize, bytes: usize, earlier: bool, scores: usize, indices: usize): void {
  for (let r = 0; r < rowCount; r += 2) {
    const a = rows + <usize>r * bytes, b = a + bytes;
    const pair = r + 1 < rowCount;
    // How many candidates count for the first of the two rows; for the other it may be one more.
    const limit = earlier ? max(0, min(candidateCount, firstRow + r - firstCandidate)) : candidateCount;
    let j = 0;
    if (pair) {
      for (; j + 4 <= limit; j += 4) {
        const c0 = candidates + <usize>j * bytes, c1 = c0 + bytes, c2 = c1 + bytes, c3 = c2 + bytes;
        let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0);
        let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0), b3 = f32x4.splat(0);
        for (let at: usize = 0; at < bytes; at += 16) {
          const x = v128.load(a + at), y = v128.load(b + at);
          const d0 = v128.load(c0 + at), d1 = v128.load(c1 + at), d2 = v128.load(c2 + at), d3 = v128.load(c3 + at);
          a0 = step(a0, x, d0);
          b0 = step(b0, y, d0);
          a1 = step(a1, x, d1);
          b1 = step(b1, y, d1);
          a2 = step(a2, x, d2);
          b2 = step(b2, y, d2);
          a3 = step(a3, x, d3);
          b3 = step(b3, y, d3);
        }
        const bias = v128.load(biases + (<usize>j << 2));
        const first = firstCandidate + j;
        offer(total(a0) + f32x4.extract_lane(bias, 0), first, scores, indices, r);
        offer(total(a1) + f32x4.extract_lane(bias, 1), first + 1, scores, indices, r);
        offer(total(a2) + f32x4.extract_lane(bias, 2), first + 2, scores, indices, r);
        offer(total(a3) + f32x4.extract_lane(bias, 3), first + 3, scores, indices, r);
        offer(total(b0) + f32x4.extract_lane(bias, 0), first, scores, indices, r + 1);
        offer(total(b1) + f32x4.extract_lane(bias, 1), first + 1, scores, indices, r + 1);
        offer(total(b2) + f32x4.extract_lane(bias, 2), first + 2, scores, indices, r + 1);
        offer(total(b3) + f32x4.extract_lane(bias, 3), first + 3, scores, indices, r + 1);
      }
    }
    const limitB = earlier ? max(0, min(candidateCount, firstRow + r + 1 - firstCandidate)) : candidateCount;
    for (; j < limitB; j++) {
      const candidate = candidates + <usize>j * bytes;
      const bias = load<f32>(biases + (<usize>j << 2));
      if (j < limit) offer(one(a, candidate, bytes) + bias, firstCandidate + j, scores, indices, r);
      if (pair) offer(one(b, candidate, bytes) + bias, firstCandidate + j, scores, indices, r + 1);
    }
  }
}

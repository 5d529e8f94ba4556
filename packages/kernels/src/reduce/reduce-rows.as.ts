import { maxLanes, sumLanes } from '../common/simd.as';

/** Numbers that are summed in f32, over 16 lanes, before the sum moves on to an f64. */
const BLOCK: i32 = 1024;

function sumOf(x: usize, count: i32): f64 {
  let total: f64 = 0;
  while (count >= 16) {
    const vectors = min(count, BLOCK) >> 4;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let i = 0; i < vectors; i++) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
      x += 64;
    }
    total += <f64>sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    count -= vectors << 4;
  }
  for (; count > 0; count--) { total += <f64>load<f32>(x); x += 4; }
  return total;
}

function maxOf(x: usize, count: i32): f64 {
  let m0 = f32x4.splat(-Infinity), m1 = m0, m2 = m0, m3 = m0;
  for (; count >= 16; count -= 16) {
    m0 = f32x4.max(m0, v128.load(x));
    m1 = f32x4.max(m1, v128.load(x, 16));
    m2 = f32x4.max(m2, v128.load(x, 32));
    m3 = f32x4.max(m3, v128.load(x, 48));
    x += 64;
  }
  let largest = maxLanes(f32x4.max(f32x4.max(m0, m1), f32x4.max(m2, m3)));
  for (; count > 0; count--) { largest = max<f32>(largest, load<f32>(x)); x += 4; }
  return <f64>largest;
}

/** Rows [begin, end) of y; `op` is 0 sum, 1 mean, 2 max. */
export function reduceRows(begin: i32, end: i32, x: usize, y: usize, cols: i32, op: i32): void {
  for (let r = begin; r < end; r++) {
    const from = x + ((<usize>r * cols) << 2);
    let result = op == 2 ? maxOf(from, cols) : sumOf(from, cols);
    if (op == 1) result /= <f64>cols;
    store<f32>(y + (<usize>r << 2), <f32>result);
  }
}

/** Tasks [begin, end): task r · parts + p reduces part p, `width` columns at most, of row r to an f64. */
export function reduceRowParts(begin: i32, end: i32, x: usize, partial: usize, cols: i32, op: i32, parts: i32, width: i32): void {
  for (let task = begin; task < end; task++) {
    const r = task / parts, first = (task - r * parts) * width;
    const from = x + ((<usize>r * cols + first) << 2), count = min(width, cols - first);
    store<f64>(partial + (<usize>task << 3), op == 2 ? maxOf(from, count) : sumOf(from, count));
  }
}

/** Rows [begin, end) of y from their parts, in order. */
export function reduceRowJoin(begin: i32, end: i32, partial: usize, y: usize, parts: i32, op: i32, cols: i32): void {
  for (let r = begin; r < end; r++) {
    const from = partial + ((<usize>r * parts) << 3);
    let result = load<f64>(from);
    for (let p = 1; p < parts; p++) {
      const next = load<f64>(from + (<usize>p << 3));
      result = op == 2 ? max<f64>(result, next) : result + next;
    }
    if (op == 1) result /= <f64>cols;
    store<f32>(y + (<usize>r << 2), <f32>result);
  }
}

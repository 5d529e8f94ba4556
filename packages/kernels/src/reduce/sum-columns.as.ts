import { loadPartial, scratch, storePartial } from '../common/simd.as';

/** Rows that are summed in f32, before the sums move on to f64: sixteen times eight. */
const FLUSH: i32 = 128;

/** The sum of eight rows at p, as a tree of depth three. */
// @ts-ignore: decorator
@inline
function eight(p: usize, step: usize): v128 {
  const q = p + (step << 2);
  const a = f32x4.add(f32x4.add(v128.load(p), v128.load(p + step)), f32x4.add(v128.load(p + step * 2), v128.load(p + step * 3)));
  const b = f32x4.add(f32x4.add(v128.load(q), v128.load(q + step)), f32x4.add(v128.load(q + step * 2), v128.load(q + step * 3)));
  return f32x4.add(a, b);
}

/** Adds rows [0, rows) of `count` columns to `sums`, eight rows at a time, while the sums stay in the nearest cache. */
function addRows(from: usize, sums: usize, rows: i32, count: i32, step: usize): void {
  for (; rows >= 8; rows -= 8, from += step << 3) {
    let p = from, to = sums, left = count;
    for (; left >= 4; left -= 4, p += 16, to += 16) v128.store(to, f32x4.add(v128.load(to), eight(p, step)));
    for (; left > 0; left--, p += 4, to += 4) {
      const q = p + (step << 2);
      const a = (load<f32>(p) + load<f32>(p + step)) + (load<f32>(p + step * 2) + load<f32>(p + step * 3));
      const b = (load<f32>(q) + load<f32>(q + step)) + (load<f32>(q + step * 2) + load<f32>(q + step * 3));
      store<f32>(to, load<f32>(to) + (a + b));
    }
  }
  for (; rows > 0; rows--, from += step) {
    let p = from, to = sums, left = count;
    for (; left >= 4; left -= 4, p += 16, to += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(p)));
    if (left > 0) storePartial(to, f32x4.add(loadPartial(to, left), loadPartial(p, left)), left);
  }
}

/** totals (f64) += sums (f32). */
function flush(sums: usize, totals: usize, count: i32): void {
  for (; count >= 4; count -= 4, sums += 16, totals += 32) {
    const v = v128.load(sums);
    v128.store(totals, f64x2.add(v128.load(totals), f64x2.promote_low_f32x4(v)));
    v128.store(totals, f64x2.add(v128.load(totals, 16), f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3))), 16);
  }
  for (; count > 0; count--, sums += 4, totals += 8) store<f64>(totals, load<f64>(totals) + <f64>load<f32>(sums));
}

/** Column blocks [begin, end) of `width` columns of y, for so few rows that f32 suffices. */
export function sumColumnsFew(begin: i32, end: i32, x: usize, y: usize, rows: i32, cols: i32, width: i32): void {
  for (let block = begin; block < end; block++) {
    const first = <usize>(block * width) << 2, count = min(width, cols - block * width);
    memory.fill(y + first, 0, <usize>count << 2);
    addRows(x + first, y + first, rows, count, <usize>cols << 2);
  }
}

/**
 * Tasks [begin, end): task i · colBlocks + j sums rows [i · height, …) of columns [j · width, …) into row i of `partial`
 * [rowBlocks, cols], which is f64.
 */
export function sumColumnsPartial(
  begin: i32, end: i32, x: usize, partial: usize, rows: i32, cols: i32, height: i32, width: i32, colBlocks: i32,
): void {
  const step = <usize>cols << 2;
  for (let task = begin; task < end; task++) {
    const i = task / colBlocks, firstCol = (task - i * colBlocks) * width;
    const count = min(width, cols - firstCol), lastRow = min(rows, (i + 1) * height);
    const totals = partial + ((<usize>i * cols + firstCol) << 3);
    memory.fill(totals, 0, <usize>count << 3);
    for (let r = i * height; r < lastRow; r += FLUSH) {
      memory.fill(scratch, 0, <usize>count << 2);
      addRows(x + ((<usize>r * cols + firstCol) << 2), scratch, min(FLUSH, lastRow - r), count, step);
      flush(scratch, totals, count);
    }
  }
}

/** Columns [begin, end): y = Σ over the rows of `partial`, in order. */
export function sumColumnsJoin(begin: i32, end: i32, partial: usize, y: usize, rowBlocks: i32, cols: i32): void {
  const step = <usize>cols << 3;
  let c = begin;
  for (; c + 2 <= end; c += 2) {
    let from = partial + (<usize>c << 3);
    let sum = f64x2.splat(0);
    for (let i = 0; i < rowBlocks; i++, from += step) sum = f64x2.add(sum, v128.load(from));
    v128.store64_lane(y + (<usize>c << 2), f32x4.demote_f64x2_zero(sum), 0);
  }
  if (c < end) {
    let from = partial + (<usize>c << 3);
    let sum: f64 = 0;
    for (let i = 0; i < rowBlocks; i++, from += step) sum += load<f64>(from);
    store<f32>(y + (<usize>c << 2), <f32>sum);
  }
}

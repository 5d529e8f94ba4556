// Few rows of A times a large B, which is read once and where it lies: packing it would cost as much as multiplying. With one or two
// rows memory is what takes the time; with more each number of B serves several rows from registers.
import { fma, loadPartial, scratch, storePartial, sumLanes } from '../common/simd.as';
import { matmulEpilogue } from './matmul.as';

/** The sum of a · b over k floats. */
// @ts-ignore: decorator
@inline
function dot(x: usize, w: usize, k: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, left = k;
  for (; left >= 16; left -= 16) {
    s0 = fma(v128.load(x), v128.load(w), s0);
    s1 = fma(v128.load(x, 16), v128.load(w, 16), s1);
    s2 = fma(v128.load(x, 32), v128.load(w, 32), s2);
    s3 = fma(v128.load(x, 48), v128.load(w, 48), s3);
    x += 64; w += 64;
  }
  for (; left >= 4; left -= 4) { s0 = fma(v128.load(x), v128.load(w), s0); x += 16; w += 16; }
  if (left > 0) s1 = fma(loadPartial(x, left), loadPartial(w, left), s1);
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** Groups [begin, end) of four rows of A, by fours along k: [group][k / 4][4][4], with zeros for rows and numbers past the end. */
export function matvecPack(begin: i32, end: i32, a: usize, packed: usize, m: i32, k: i32): void {
  const fours = (k + 3) >> 2;
  for (let group = begin; group < end; group++) {
    const to = packed + (<usize>(group * fours) << 6);
    for (let r = 0; r < 4; r++) {
      const row = (group << 2) + r;
      let from = a + (<usize>row * k << 2), at = to + (<usize>r << 4);
      for (let left = k; left > 0; left -= 4, from += 16, at += 64) {
        v128.store(at, row >= m ? f32x4.splat(0) : left >= 4 ? v128.load(from) : loadPartial(from, left));
      }
    }
  }
}

/** A group of packed rows times two columns of B: the four sums of each at `to`, one after the other. */
function dots(p: usize, w: usize, u: usize, k: i32, to: usize): void {
  let w0 = f32x4.splat(0), w1 = w0, w2 = w0, w3 = w0, u0 = w0, u1 = w0, u2 = w0, u3 = w0, left = k;
  for (; left >= 8; left -= 8, p += 128, w += 32, u += 32) {
    let x = v128.load(w), y = v128.load(u);
    let row = v128.load(p);
    w0 = fma(row, x, w0); u0 = fma(row, y, u0); row = v128.load(p, 16);
    w1 = fma(row, x, w1); u1 = fma(row, y, u1); row = v128.load(p, 32);
    w2 = fma(row, x, w2); u2 = fma(row, y, u2); row = v128.load(p, 48);
    w3 = fma(row, x, w3); u3 = fma(row, y, u3);
    x = v128.load(w, 16), y = v128.load(u, 16);
    row = v128.load(p, 64);
    w0 = fma(row, x, w0); u0 = fma(row, y, u0); row = v128.load(p, 80);
    w1 = fma(row, x, w1); u1 = fma(row, y, u1); row = v128.load(p, 96);
    w2 = fma(row, x, w2); u2 = fma(row, y, u2); row = v128.load(p, 112);
    w3 = fma(row, x, w3); u3 = fma(row, y, u3);
  }
  for (; left > 0; left -= 4, p += 64, w += 16, u += 16) {
    const x = left >= 4 ? v128.load(w) : loadPartial(w, left), y = left >= 4 ? v128.load(u) : loadPartial(u, left);
    let row = v128.load(p);
    w0 = fma(row, x, w0); u0 = fma(row, y, u0); row = v128.load(p, 16);
    w1 = fma(row, x, w1); u1 = fma(row, y, u1); row = v128.load(p, 32);
    w2 = fma(row, x, w2); u2 = fma(row, y, u2); row = v128.load(p, 48);
    w3 = fma(row, x, w3); u3 = fma(row, y, u3);
  }
  v128.store(to, lanesOf(w0, w1, w2, w3));
  v128.store(to, lanesOf(u0, u1, u2, u3), 16);
}

/** The sums of the lanes of four vectors. */
// @ts-ignore: decorator
@inline
function lanesOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
  return f32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3));
}

/** One or two rows times a B stored [N, K]: one pass over B, columns [begin, end) in blocks of `nc`. */
export function matvecTransposed(
  begin: i32, end: i32, a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, nc: i32,
  bias: usize, activation: i32, residual: usize, before: usize,
): void {
  const row = <usize>k << 2;
  for (let block = begin; block < end; block++) {
    const firstCol = block * nc, lastCol = min(n, firstCol + nc);
    for (let col = firstCol; col < lastCol; col++) {
      for (let r = 0; r < m; r++) store<f32>(c + ((<usize>r * n + col) << 2), dot(a + <usize>r * row, b + <usize>col * row, k));
    }
    matmulEpilogue(c, 0, m, firstCol, lastCol, n, 0, bias, activation, residual, before);
  }
}

/**
 * The same for more rows, packed before. Two columns are taken at a time, from both halves of a block, so that each half is one stream
 * through memory.
 */
export function matvecPackedTransposed(
  begin: i32, end: i32, packed: usize, b: usize, c: usize, m: i32, n: i32, k: i32, nc: i32,
  bias: usize, activation: i32, residual: usize, before: usize,
): void {
  const row = <usize>k << 2, group = <usize>((k + 3) >> 2) << 6;
  for (let block = begin; block < end; block++) {
    const firstCol = block * nc, lastCol = min(n, firstCol + nc);
    const half = (lastCol - firstCol + 1) >> 1;
    for (let j = firstCol; j < firstCol + half; j++) {
      // The last column may be taken twice.
      const other = min(j + half, lastCol - 1);
      for (let r = 0, p = packed; r < m; r += 4, p += group) {
        dots(p, b + <usize>j * row, b + <usize>other * row, k, scratch);
        for (let i = 0; i < min(4, m - r); i++) {
          const to = c + (<usize>(r + i) * n << 2), at = scratch + (<usize>i << 2);
          store<f32>(to + (<usize>j << 2), load<f32>(at));
          store<f32>(to + (<usize>other << 2), load<f32>(at, 16));
        }
      }
    }
    matmulEpilogue(c, 0, m, firstCol, lastCol, n, 0, bias, activation, residual, before);
  }
}

/** Columns of B, and of the sums, that stay in the first-level cache while the rows of A go over them. */
const FEW_COLS: i32 = 512;

/**
 * Few rows times a B stored [K, N]: part p takes `kc` rows of B and leaves its sums in `partial` [part, m, n]. For one or two rows of
 * A, one row of B after the other is one stream through memory; for more, four rows of B from four places of the part are four.
 */
export function matvecParts(begin: i32, end: i32, a: usize, b: usize, partial: usize, m: i32, n: i32, k: i32, kc: i32): void {
  const row = <usize>n << 2;
  for (let part = begin; part < end; part++) {
    const last = min(k, (part + 1) * kc);
    const sums = partial + (<usize>part * m * n << 2);
    memory.fill(sums, 0, <usize>m * row);
    if (m <= 2) {
      const first = part * kc, half = (last - first) >> 1;
      for (let i = first; i < first + half; i++) {
        for (let r = 0; r < m; r++) pairOfRows(a + ((<usize>r * k + i) << 2), <usize>half << 2, b + <usize>i * row, <usize>half * row, sums + <usize>r * row, n);
      }
      for (let i = first + 2 * half; i < last; i++) {
        for (let r = 0; r < m; r++) oneRow(a + ((<usize>r * k + i) << 2), b + <usize>i * row, sums + <usize>r * row, n);
      }
      continue;
    }
    const first = part * kc, quarter = (last - first) >> 2;
    for (let i = first; i < first + quarter; i++) {
      for (let col = 0; col < n; col += FEW_COLS) {
        const width = min(FEW_COLS, n - col), from = b + <usize>i * row + (<usize>col << 2);
        for (let r = 0; r < m; r += 2) {
          const x = a + ((<usize>r * k + i) << 2), s = sums + <usize>r * row + (<usize>col << 2);
          if (r + 1 < m) twoRows(x, <usize>k << 2, <usize>quarter << 2, from, <usize>quarter * row, s, row, width);
          else for (let j = 0; j < 4; j++) oneRow(x + (<usize>(j * quarter) << 2), from + <usize>(j * quarter) * row, s, width);
        }
      }
    }
    for (let i = first + 4 * quarter; i < last; i++) {
      for (let r = 0; r < m; r++) oneRow(a + ((<usize>r * k + i) << 2), b + <usize>i * row, sums + <usize>r * row, n);
    }
  }
}

/** Two rows of sums, `row` bytes apart, += four numbers, `next` apart, of each of two rows of A, `rowA` apart, times four rows of B, `step` apart. */
function twoRows(x: usize, rowA: usize, next: usize, b: usize, step: usize, s: usize, row: usize, width: i32): void {
  const y = x + rowA;
  const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x + next), x2 = v128.load32_splat(x + 2 * next), x3 = v128.load32_splat(x + 3 * next);
  const y0 = v128.load32_splat(y), y1 = v128.load32_splat(y + next), y2 = v128.load32_splat(y + 2 * next), y3 = v128.load32_splat(y + 3 * next);
  let b1 = b + step, b2 = b1 + step, b3 = b2 + step, t = s + row, left = width;
  for (; left >= 8; left -= 8) {
    let sum = v128.load(s), other = v128.load(t), value = v128.load(b);
    sum = fma(x0, value, sum); other = fma(y0, value, other); value = v128.load(b1);
    sum = fma(x1, value, sum); other = fma(y1, value, other); value = v128.load(b2);
    sum = fma(x2, value, sum); other = fma(y2, value, other); value = v128.load(b3);
    v128.store(s, fma(x3, value, sum)); v128.store(t, fma(y3, value, other));
    sum = v128.load(s, 16); other = v128.load(t, 16); value = v128.load(b, 16);
    sum = fma(x0, value, sum); other = fma(y0, value, other); value = v128.load(b1, 16);
    sum = fma(x1, value, sum); other = fma(y1, value, other); value = v128.load(b2, 16);
    sum = fma(x2, value, sum); other = fma(y2, value, other); value = v128.load(b3, 16);
    v128.store(s, fma(x3, value, sum), 16); v128.store(t, fma(y3, value, other), 16);
    b += 32; b1 += 32; b2 += 32; b3 += 32; s += 32; t += 32;
  }
  for (; left > 0; left -= 4, b += 16, b1 += 16, b2 += 16, b3 += 16, s += 16, t += 16) {
    if (left >= 4) {
      v128.store(s, fma(x3, v128.load(b3), fma(x2, v128.load(b2), fma(x1, v128.load(b1), fma(x0, v128.load(b), v128.load(s))))));
      v128.store(t, fma(y3, v128.load(b3), fma(y2, v128.load(b2), fma(y1, v128.load(b1), fma(y0, v128.load(b), v128.load(t))))));
      continue;
    }
    const p0 = loadPartial(b, left), p1 = loadPartial(b1, left), p2 = loadPartial(b2, left), p3 = loadPartial(b3, left);
    storePartial(s, fma(x3, p3, fma(x2, p2, fma(x1, p1, fma(x0, p0, loadPartial(s, left))))), left);
    storePartial(t, fma(y3, p3, fma(y2, p2, fma(y1, p1, fma(y0, p0, loadPartial(t, left))))), left);
  }
}

/** Adds the parts up in their order for columns [begin, end) in blocks of `nc`. */
export function matvecJoin(
  begin: i32, end: i32, partial: usize, c: usize, m: i32, n: i32, parts: i32, nc: i32,
  bias: usize, activation: i32, residual: usize, before: usize,
): void {
  const size = <usize>(m * n) << 2;
  for (let block = begin; block < end; block++) {
    const firstCol = block * nc, lastCol = min(n, firstCol + nc);
    for (let r = 0; r < m; r++) {
      let at = (<usize>r * n + firstCol) << 2, left = lastCol - firstCol;
      for (; left >= 4; left -= 4) {
        let sum = v128.load(partial + at);
        for (let p = 1; p < parts; p++) sum = f32x4.add(sum, v128.load(partial + <usize>p * size + at));
        v128.store(c + at, sum);
        at += 16;
      }
      for (; left > 0; left--) {
        let sum = load<f32>(partial + at);
        for (let p = 1; p < parts; p++) sum += load<f32>(partial + <usize>p * size + at);
        store<f32>(c + at, sum);
        at += 4;
      }
    }
    matmulEpilogue(c, 0, m, firstCol, lastCol, n, 0, bias, activation, residual, before);
  }
}

/** sums += two numbers, `next` bytes apart, times two rows of B, `step` apart. */
function pairOfRows(x: usize, next: usize, b: usize, step: usize, sums: usize, width: i32): void {
  const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x + next);
  let c = b + step, left = width;
  for (; left >= 16; left -= 16, b += 64, c += 64, sums += 64) {
    v128.store(sums, fma(x1, v128.load(c), fma(x0, v128.load(b), v128.load(sums))));
    v128.store(sums, fma(x1, v128.load(c, 16), fma(x0, v128.load(b, 16), v128.load(sums, 16))), 16);
    v128.store(sums, fma(x1, v128.load(c, 32), fma(x0, v128.load(b, 32), v128.load(sums, 32))), 32);
    v128.store(sums, fma(x1, v128.load(c, 48), fma(x0, v128.load(b, 48), v128.load(sums, 48))), 48);
  }
  for (; left >= 4; left -= 4, b += 16, c += 16, sums += 16) v128.store(sums, fma(x1, v128.load(c), fma(x0, v128.load(b), v128.load(sums))));
  if (left > 0) storePartial(sums, fma(x1, loadPartial(c, left), fma(x0, loadPartial(b, left), loadPartial(sums, left))), left);
}

/** sums += x · one row of B. */
// @ts-ignore: decorator
@inline
function oneRow(x: usize, b: usize, sums: usize, width: i32): void {
  const factor = v128.load32_splat(x);
  let left = width;
  for (; left >= 16; left -= 16) {
    v128.store(sums, fma(factor, v128.load(b), v128.load(sums)));
    v128.store(sums, fma(factor, v128.load(b, 16), v128.load(sums, 16)), 16);
    v128.store(sums, fma(factor, v128.load(b, 32), v128.load(sums, 32)), 32);
    v128.store(sums, fma(factor, v128.load(b, 48), v128.load(sums, 48)), 48);
    sums += 64; b += 64;
  }
  for (; left >= 4; left -= 4) { v128.store(sums, fma(factor, v128.load(b), v128.load(sums))); sums += 16; b += 16; }
  if (left > 0) storePartial(sums, fma(factor, loadPartial(b, left), loadPartial(sums, left)), left);
}

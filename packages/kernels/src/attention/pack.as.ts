// How rows of q, k and v, which lie `row` bytes apart, are copied into the order in which the tiles of attention read them.
import { loadPartial } from '../common/simd.as';

/** Up to six rows into [width][6], times `factor`; missing rows are 0. */
export function attentionPackQueries(from: usize, row: usize, count: i32, width: i32, to: usize, factor: f32): void {
  if (count < 6) {
    for (let c = 0; c < width; c++, to += 24) {
      for (let r = 0; r < 6; r++) {
        store<f32>(to + (<usize>r << 2), r < count ? load<f32>(from + <usize>r * row + (<usize>c << 2)) * factor : 0);
      }
    }
    return;
  }
  const f = f32x4.splat(factor);
  let p = from, q = from + row * 3;
  let c = 0;
  for (; c + 4 <= width; c += 4) {
    const a0 = f32x4.mul(v128.load(p), f), a1 = f32x4.mul(v128.load(p + row), f), a2 = f32x4.mul(v128.load(p + row * 2), f);
    const a3 = f32x4.mul(v128.load(q), f), a4 = f32x4.mul(v128.load(q + row), f), a5 = f32x4.mul(v128.load(q + row * 2), f);
    const x0 = i32x4.shuffle(a0, a1, 0, 4, 1, 5), x1 = i32x4.shuffle(a0, a1, 2, 6, 3, 7);
    const y0 = i32x4.shuffle(a2, a3, 0, 4, 1, 5), y1 = i32x4.shuffle(a2, a3, 2, 6, 3, 7);
    const z0 = i32x4.shuffle(a4, a5, 0, 4, 1, 5), z1 = i32x4.shuffle(a4, a5, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(x0, y0, 0, 2));
    v128.store(to, i64x2.shuffle(z0, x0, 0, 3), 16);
    v128.store(to, i64x2.shuffle(y0, z0, 1, 3), 32);
    v128.store(to, i64x2.shuffle(x1, y1, 0, 2), 48);
    v128.store(to, i64x2.shuffle(z1, x1, 0, 3), 64);
    v128.store(to, i64x2.shuffle(y1, z1, 1, 3), 80);
    p += 16; q += 16; to += 96;
  }
  for (; c < width; c++) {
    for (let r = 0; r < 6; r++) store<f32>(to + (<usize>r << 2), load<f32>(from + <usize>r * row + (<usize>c << 2)) * factor);
    to += 24;
  }
}

/** `count` rows into panels of eight, [panel][width][8]; rows missing from the last panel are 0. */
export function attentionPackColumns(from: usize, row: usize, count: i32, width: i32, to: usize): void {
  for (let j = 0; j < count; j += 8, from += row << 3) {
    let c = 0;
    if (j + 8 <= count) {
      for (; c + 4 <= width; c += 4) {
        const p = from + (<usize>c << 2);
        transposeFour(p, row, to);
        transposeFour(p + (row << 2), row, to + 16);
        to += 128;
      }
    }
    for (; c < width; c++) {
      for (let r = 0; r < 8; r++) {
        store<f32>(to + (<usize>r << 2), j + r < count ? load<f32>(from + <usize>r * row + (<usize>c << 2)) : 0);
      }
      to += 32;
    }
  }
}

/** Transposes the 4×4 block at `from` to rows 32 bytes apart at `to`. */
// @ts-ignore: decorator
@inline
function transposeFour(from: usize, row: usize, to: usize): void {
  const a = v128.load(from), b = v128.load(from + row), c = v128.load(from + row * 2), d = v128.load(from + row * 3);
  const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i32x4.shuffle(ab0, cd0, 0, 1, 4, 5));
  v128.store(to, i32x4.shuffle(ab0, cd0, 2, 3, 6, 7), 32);
  v128.store(to, i32x4.shuffle(ab1, cd1, 0, 1, 4, 5), 64);
  v128.store(to, i32x4.shuffle(ab1, cd1, 2, 3, 6, 7), 96);
}

/** `count` rows into [panel of 8 columns][rows][8], panels `panel` bytes apart; rows up to `room` and columns past `width` are 0. */
export function attentionPackRows(from: usize, row: usize, count: i32, room: i32, width: i32, to: usize, panel: usize): void {
  for (let r = 0; r < count; r++, from += row, to += 32) {
    let p = from, q = to;
    let left = width;
    for (; left >= 8; left -= 8, p += 32, q += panel) {
      v128.store(q, v128.load(p));
      v128.store(q, v128.load(p, 16), 16);
    }
    if (left > 0) {
      const low = left >= 4 ? v128.load(p) : loadPartial(p, left);
      let high = f32x4.splat(0);
      if (left > 4) high = loadPartial(p + 16, left - 4);
      v128.store(q, low);
      v128.store(q, high, 16);
    }
  }
  for (let r = count; r < room; r++, to += 32) {
    for (let left = width, q = to; left > 0; left -= 8, q += panel) {
      v128.store(q, f32x4.splat(0));
      v128.store(q, f32x4.splat(0), 16);
    }
  }
}

import { fma, loadPartial, storePartial } from '../common/simd.as';

/** Rows [begin, end) of batch × positions: rotates every head of a row by the row's angles, and copies what is beyond them. */
export function rope(
  begin: i32, end: i32, x: usize, cos: usize, sin: usize, positions: usize, y: usize,
  length: i32, heads: i32, width: i32, half: i32, tablePositions: i32, interleaved: i32, inverse: i32,
): void {
  const tableRow = <usize>half << 2, head = <usize>width << 2, rest = <usize>(width - 2 * half) << 2;
  const sign: f32 = inverse ? -1 : 1;
  for (let row = begin; row < end; row++) {
    const position = positions ? load<i32>(positions + (<usize>row << 2)) : row % length;
    let from = x + <usize>(row * heads) * head, to = y + <usize>(row * heads) * head;
    if (position < 0 || position >= tablePositions) {
      for (let i: usize = 0; i < <usize>heads * head; i += 4) store<f32>(to + i, f32.NaN);
      continue;
    }
    const c = cos + <usize>position * tableRow, s = sin + <usize>position * tableRow;
    for (let h = 0; h < heads; h++, from += head, to += head) {
      if (interleaved) rotatePairs(from, to, c, s, half, sign);
      else rotateHalves(from, to, c, s, half, sign);
      if (rest) memory.copy(to + (tableRow << 1), from + (tableRow << 1), rest);
    }
  }
}

/** Pairs (i, i + half). */
// @ts-ignore: decorator
@inline
function rotateHalves(x: usize, y: usize, cos: usize, sin: usize, half: i32, sign: f32): void {
  const second = <usize>half << 2;
  const turn = f32x4.splat(sign);
  let at: usize = 0, left = half;
  for (; left >= 4; left -= 4, at += 16) {
    const a = v128.load(x + at), b = v128.load(x + at + second);
    const c = v128.load(cos + at), s = f32x4.mul(v128.load(sin + at), turn);
    v128.store(y + at, fma(a, c, f32x4.neg(f32x4.mul(b, s))));
    v128.store(y + at + second, fma(b, c, f32x4.mul(a, s)));
  }
  if (left > 0) {
    const a = loadPartial(x + at, left), b = loadPartial(x + at + second, left);
    const c = loadPartial(cos + at, left), s = f32x4.mul(loadPartial(sin + at, left), turn);
    storePartial(y + at, fma(a, c, f32x4.neg(f32x4.mul(b, s))), left);
    storePartial(y + at + second, fma(b, c, f32x4.mul(a, s)), left);
  }
}

/** Pairs (2i, 2i + 1). */
// @ts-ignore: decorator
@inline
function rotatePairs(x: usize, y: usize, cos: usize, sin: usize, half: i32, sign: f32): void {
  const turn = f32x4.splat(sign);
  let left = half;
  for (; left >= 4; left -= 4, x += 32, y += 32, cos += 16, sin += 16) {
    const first = v128.load(x), second = v128.load(x, 16);
    const a = i32x4.shuffle(first, second, 0, 2, 4, 6), b = i32x4.shuffle(first, second, 1, 3, 5, 7);
    const c = v128.load(cos), s = f32x4.mul(v128.load(sin), turn);
    const p = fma(a, c, f32x4.neg(f32x4.mul(b, s))), q = fma(b, c, f32x4.mul(a, s));
    v128.store(y, i32x4.shuffle(p, q, 0, 4, 1, 5));
    v128.store(y, i32x4.shuffle(p, q, 2, 6, 3, 7), 16);
  }
  for (; left > 0; left--, x += 8, y += 8, cos += 4, sin += 4) {
    const a = load<f32>(x), b = load<f32>(x, 4);
    const c = load<f32>(cos), s = load<f32>(sin) * sign;
    store<f32>(y, a * c - b * s);
    store<f32>(y, b * c + a * s, 4);
  }
}

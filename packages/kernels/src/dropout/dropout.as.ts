import { loadPartial, scratch, storePartial } from '../common/simd.as';

// @ts-ignore: decorator
@inline
function keep(word: v128, threshold: v128, x: v128, scale: v128): v128 {
  return v128.and(i32x4.ge_u(word, threshold), f32x4.mul(x, scale));
}

/**
 * Elements of blocks [begin, end) of 16: y = x · scale where the element's random word reaches the threshold, else 0. Word i of
 * counter n belongs to element 4n + i; four counters are worked on at once, one a lane, and transposed at the end.
 */
export function dropout(
  begin: i32, end: i32, x: usize, y: usize, count: i32, threshold: i32, scale: f32,
  keyLow: i32, keyHigh: i32, offsetLow: i32, offsetHigh: i32,
): void {
  // The keys of the ten rounds, four times each.
  const keys = scratch;
  for (let round = 0; round < 10; round++) {
    v128.store(keys + (<usize>round << 5), i32x4.splat(keyLow + round * <i32>0x9e3779b9));
    v128.store(keys + (<usize>round << 5), i32x4.splat(keyHigh + round * <i32>0xbb67ae85), 16);
  }
  v128.store(keys, i32x4.splat(0xd2511f53), 320);
  v128.store(keys, i32x4.splat(0xcd9e8d57), 336);
  const limit = i32x4.splat(threshold), factor = f32x4.splat(scale);
  for (let block = begin; block < end; block++) {
    const index = (<u64><u32>offsetHigh << 32 | <u64><u32>offsetLow) + (<u64>block << 2);
    const low = i32x4.splat(<i32>index);
    let a = i32x4.add(low, i32x4(0, 1, 2, 3));
    // A lane that wrapped carries one, and true is −1.
    let b = i32x4.sub(i32x4.splat(<i32>(index >> 32)), i32x4.lt_u(a, low));
    let c = i32x4.splat(0), d = c;
    for (let key = keys; key < keys + 320; key += 32) {
      const m0 = v128.load(keys, 320), m1 = v128.load(keys, 336);
      const a0 = i64x2.extmul_low_i32x4_u(a, m0), a1 = i64x2.extmul_high_i32x4_u(a, m0);
      const c0 = i64x2.extmul_low_i32x4_u(c, m1), c1 = i64x2.extmul_high_i32x4_u(c, m1);
      a = v128.xor(v128.xor(i32x4.shuffle(c0, c1, 1, 3, 5, 7), b), v128.load(key));
      c = v128.xor(v128.xor(i32x4.shuffle(a0, a1, 1, 3, 5, 7), d), v128.load(key, 16));
      b = i32x4.shuffle(c0, c1, 0, 2, 4, 6);
      d = i32x4.shuffle(a0, a1, 0, 2, 4, 6);
    }
    const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
    const w0 = i64x2.shuffle(ab0, cd0, 0, 2), w1 = i64x2.shuffle(ab0, cd0, 1, 3);
    const w2 = i64x2.shuffle(ab1, cd1, 0, 2), w3 = i64x2.shuffle(ab1, cd1, 1, 3);
    const from = x + (<usize>block << 6), to = y + (<usize>block << 6);
    const left = count - (block << 4);
    if (left >= 16) {
      v128.store(to, keep(w0, limit, v128.load(from), factor));
      v128.store(to, keep(w1, limit, v128.load(from, 16), factor), 16);
      v128.store(to, keep(w2, limit, v128.load(from, 32), factor), 32);
      v128.store(to, keep(w3, limit, v128.load(from, 48), factor), 48);
    } else {
      for (let i = 0; i < left; i += 4) {
        const w = i == 0 ? w0 : i == 4 ? w1 : i == 8 ? w2 : w3;
        const at = <usize>i << 2;
        if (left - i >= 4) v128.store(to + at, keep(w, limit, v128.load(from + at), factor));
        else storePartial(to + at, keep(w, limit, loadPartial(from + at, left - i), factor), left - i);
      }
    }
  }
}

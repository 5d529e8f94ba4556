// Philox 4×32-10 on four counters at once, one a lane; philox.ts says what it is.

/** Bytes that `philoxKeys` fills. */
export const PHILOX_BYTES: usize = 352;

/** Lays out what ten rounds need, each number four times: their keys, then both multipliers. */
export function philoxKeys(to: usize, low: i32, high: i32): void {
  for (let round = 0; round < 10; round++) {
    v128.store(to + (<usize>round << 5), i32x4.splat(low + round * <i32>0x9e3779b9));
    v128.store(to + (<usize>round << 5), i32x4.splat(high + round * <i32>0xbb67ae85), 16);
  }
  v128.store(to, i32x4.splat(0xd2511f53), 320);
  v128.store(to, i32x4.splat(0xcd9e8d57), 336);
}

/** The 16 words of the counters [index, third, fourth] to [index + 3, third, fourth], in order; an index is two words. */
export function philoxWords(keys: usize, index: u64, third: i32, fourth: i32, to: usize): void {
  const low = i32x4.splat(<i32>index);
  let a = i32x4.add(low, i32x4(0, 1, 2, 3));
  // A lane that wrapped carries one, and true is −1.
  let b = i32x4.sub(i32x4.splat(<i32>(index >> 32)), i32x4.lt_u(a, low));
  let c = i32x4.splat(third), d = i32x4.splat(fourth);
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
  v128.store(to, i64x2.shuffle(ab0, cd0, 0, 2));
  v128.store(to, i64x2.shuffle(ab0, cd0, 1, 3), 16);
  v128.store(to, i64x2.shuffle(ab1, cd1, 0, 2), 32);
  v128.store(to, i64x2.shuffle(ab1, cd1, 1, 3), 48);
}

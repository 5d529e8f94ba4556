/** Rows [begin, end) of the table of addresses and counts: Σ x² in f64, which neither overflows nor rounds noticeably. */
export function globalNorm(begin: i32, end: i32, table: usize, partial: usize): void {
  for (let r = begin; r < end; r++) {
    let x = <usize>load<u32>(table + (<usize>r << 3));
    let left = load<i32>(table + (<usize>r << 3), 4);
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (; left >= 8; left -= 8) {
      const a = v128.load(x), b = v128.load(x, 16);
      const a0 = f64x2.promote_low_f32x4(a), a1 = f64x2.promote_low_f32x4(i64x2.shuffle(a, a, 1, 1));
      const b0 = f64x2.promote_low_f32x4(b), b1 = f64x2.promote_low_f32x4(i64x2.shuffle(b, b, 1, 1));
      s0 = f64x2.add(s0, f64x2.mul(a0, a0)); s1 = f64x2.add(s1, f64x2.mul(a1, a1));
      s2 = f64x2.add(s2, f64x2.mul(b0, b0)); s3 = f64x2.add(s3, f64x2.mul(b1, b1));
      x += 32;
    }
    const sums = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
    let total = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    for (; left > 0; left--) { const v = <f64>load<f32>(x); total += v * v; x += 4; }
    store<f64>(partial + (<usize>r << 3), total);
  }
}

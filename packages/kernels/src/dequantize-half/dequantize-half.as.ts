// Floats of two bytes, two to a word, made floats of four; words [begin, end).

// @ts-ignore: decorator
@inline
function fromF16(h: v128): v128 {
  const magnitude = v128.and(h, i32x4.splat(0x7fff));
  const sign = i32x4.shl(v128.xor(h, magnitude), 16);
  // The exponent and fraction in their places are too small by 2^112, those of tiny numbers (exponent 0) too.
  const scaled = f32x4.mul(i32x4.shl(magnitude, 13), f32x4.splat(5192296858534827628530496329220096.0));
  const special = i32x4.ge_u(magnitude, i32x4.splat(0x7c00));
  return v128.or(sign, v128.or(scaled, v128.and(special, i32x4.splat(0x7f800000))));
}

export function dequantizeF16(begin: i32, end: i32, packed: usize, y: usize): void {
  let from = packed + (<usize>begin << 2);
  let to = y + (<usize>begin << 3);
  const last = packed + (<usize>end << 2);
  for (; from + 16 <= last; from += 16, to += 32) {
    const halves = v128.load(from);
    v128.store(to, fromF16(i32x4.extend_low_i16x8_u(halves)));
    v128.store(to, fromF16(i32x4.extend_high_i16x8_u(halves)), 16);
  }
  for (; from < last; from += 4, to += 8) v128.store64_lane(to, fromF16(i32x4.extend_low_i16x8_u(v128.load32_zero(from))), 0);
}

export function dequantizeBf16(begin: i32, end: i32, packed: usize, y: usize): void {
  let from = packed + (<usize>begin << 2);
  let to = y + (<usize>begin << 3);
  const last = packed + (<usize>end << 2);
  for (; from + 16 <= last; from += 16, to += 32) {
    const halves = v128.load(from);
    v128.store(to, i32x4.shl(i32x4.extend_low_i16x8_u(halves), 16));
    v128.store(to, i32x4.shl(i32x4.extend_high_i16x8_u(halves), 16), 16);
  }
  for (; from < last; from += 4, to += 8) v128.store64_lane(to, i32x4.shl(i32x4.extend_low_i16x8_u(v128.load32_zero(from)), 16), 0);
}

import { loadPartial, storePartial } from '../common/simd.as';

/** Elements [begin, end): f32 to i32 without the fraction, saturating. */
export function castToInt32(begin: i32, end: i32, x: usize, y: usize): void {
  const last = y + (<usize>end << 2);
  let from = x + (<usize>begin << 2), to = y + (<usize>begin << 2);
  for (; to + 16 <= last; from += 16, to += 16) v128.store(to, i32x4.trunc_sat_f32x4_s(v128.load(from)));
  for (; to < last; from += 4, to += 4) store<i32>(to, i32x4.extract_lane(i32x4.trunc_sat_f32x4_s(v128.load32_zero(from)), 0));
}

/** Elements [begin, end): i32 to the nearest f32. */
export function castToFloat32(begin: i32, end: i32, x: usize, y: usize): void {
  let from = x + (<usize>begin << 2), to = y + (<usize>begin << 2), count = end - begin;
  for (; count >= 4; count -= 4) { v128.store(to, f32x4.convert_i32x4_s(v128.load(from))); from += 16; to += 16; }
  if (count > 0) storePartial(to, f32x4.convert_i32x4_s(loadPartial(from, count)), count);
}

// Rows of x in whole numbers of 8 bits, by units of 16 or 32 with a scale each, so that a product with quantized weights is one of
// integers. Nibbles come from memory as even and odd ones, so x beside them lies so too: 16 even numbers of a unit, then 16 odd ones.
import { scratch, SCRATCH_BYTES } from '../common/simd.as';

/**
 * Writes vectors of ones and of masks for nibbles to the end of scratch memory and returns where they are: engines build a constant
 * vector anew at every use.
 */
export function quantizedConstants(): usize {
  const at = scratch + SCRATCH_BYTES - 160;
  v128.store(at, i16x8.splat(1));
  v128.store(at, i8x16.splat(15), 16);
  return at;
}

/** The largest magnitude of `count` floats, a multiple of 16. */
// @ts-ignore: decorator
@inline
function largest(x: usize, count: i32): f32 {
  let a = f32x4.splat(0), b = a;
  for (let left = count; left > 0; left -= 8, x += 32) {
    a = f32x4.max(a, f32x4.abs(v128.load(x)));
    b = f32x4.max(b, f32x4.abs(v128.load(x, 16)));
  }
  a = f32x4.max(a, b);
  a = f32x4.max(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(a, i32x4.shuffle(a, a, 1, 0, 3, 2)), 0);
}

/** Eight floats times `inverse` as whole numbers of 16 bits. */
// @ts-ignore: decorator
@inline
function eight(x: usize, inverse: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 16), inverse))),
  );
}

// @ts-ignore: decorator
@inline
function sumOfLanes(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}

/**
 * One unit of a row: its codes at `to`, of 16 bits, for nibbles even ones before odd ones and of 8 bits where they are multiplied as such;
 * its scale at `scale`, and −scale · Σ codes at `sum`.
 */
function packUnit(x: usize, to: usize, scale: usize, sum: usize, unit: i32, bits: i32, ones: v128): void {
  const most = largest(x, unit);
  const step = most / 127;
  // A step that vanishes in 32 bits stands for zeros.
  const inverse = f32x4.splat(step > 0 ? 127 / most : 0);
  let total = i32x4.splat(0);
  if (bits == 8) {
    for (let i = 0; i < unit; i += 8, x += 32, to += 16) {
      const values = eight(x, inverse);
      v128.store(to, values);
      total = i32x4.add(total, i32x4.dot_i16x8_s(values, ones));
    }
  } else {
    const a = eight(x, inverse), b = eight(x + 32, inverse), c = eight(x + 64, inverse), d = eight(x + 96, inverse);
    const low = i8x16.narrow_i16x8_s(a, b), high = i8x16.narrow_i16x8_s(c, d);
    const even = v128.shuffle<u8>(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const odd = v128.shuffle<u8>(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    if (ASC_FEATURE_RELAXED_SIMD) {
      v128.store(to, even);
      v128.store(to, odd, 16);
    } else {
      v128.store(to, i16x8.extend_low_i8x16_s(even));
      v128.store(to, i16x8.extend_high_i8x16_s(even), 16);
      v128.store(to, i16x8.extend_low_i8x16_s(odd), 32);
      v128.store(to, i16x8.extend_high_i8x16_s(odd), 48);
    }
    total = i32x4.dot_i16x8_s(i16x8.add(i16x8.add(a, b), i16x8.add(c, d)), ones);
  }
  store<f32>(scale, step);
  store<f32>(sum, -<f32>sumOfLanes(total) * step);
}

/** Bytes of a unit's codes. */
// @ts-ignore: decorator
@inline
export function codeBytes(unit: i32, bits: i32): usize {
  return <usize>unit << (ASC_FEATURE_RELAXED_SIMD && bits == 4 ? 0 : 1);
}

/**
 * Rows [begin, end) of x [m, k] one by one: codes [rows][k / unit], scales [rows, k / unit], and −scale · Σ codes of each block, [rows, k / blockSize].
 * Rows past the end are the last one again.
 */
export function quantizedPackRows(begin: i32, end: i32, x: usize, codes: usize, scales: usize, sums: usize, m: i32, k: i32, blockSize: i32, unit: i32, bits: i32): void {
  const units = k / unit, blocks = k / blockSize, perBlock = blockSize / unit, bytes = codeBytes(unit, bits), ones = v128.load(quantizedConstants());
  for (let row = begin; row < end; row++) {
    let from = x + (<usize>min(row, m - 1) * k << 2), to = codes + <usize>row * units * bytes, scale = scales + (<usize>(row * units) << 2);
    for (let block = 0; block < blocks; block++) {
      let sum: f32 = 0;
      for (let u = 0; u < perBlock; u++, from += <usize>unit << 2, to += bytes, scale += 4) {
        packUnit(from, to, scale, scratch, unit, bits, ones);
        sum += load<f32>(scratch);
      }
      store<f32>(sums + (<usize>(row * blocks + block) << 2), sum);
    }
  }
}

/**
 * Groups [begin, end) of four rows of x [m, k], as the tile takes them: for each unit four scales, four sums, then words of codes by place and row.
 * Rows past the end are the last one again.
 */
export function quantizedPackGroups(begin: i32, end: i32, x: usize, packed: usize, m: i32, k: i32, unit: i32, bits: i32): void {
  const units = k / unit, bytes = codeBytes(unit, bits), ones = v128.load(quantizedConstants());
  let to = packed + <usize>begin * units * (32 + 4 * bytes);
  for (let group = begin; group < end; group++) {
    for (let u = 0; u < units; u++) {
      for (let r = 0; r < 4; r++) {
        const row = <usize>min(4 * group + r, m - 1), lane = <usize>r << 2;
        packUnit(x + ((row * k + <usize>u * unit) << 2), scratch + <usize>r * bytes, to + lane, to + 16 + lane, unit, bits, ones);
      }
      to += 32;
      for (let i: usize = 0; i < bytes; i += 16, to += 64) quantizedTurn(scratch + i, bytes, to, 16);
    }
  }
}

/** Transposes 4×4 words from rows `from` bytes apart to rows `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function quantizedTurn(at: usize, from: usize, to: usize, step: usize): void {
  turnVectors(v128.load(at), v128.load(at + from), v128.load(at + 2 * from), v128.load(at + 3 * from), to, step);
}

/** Transposes four vectors of words to rows `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function turnVectors(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(ab0, cd0, 0, 2));
  v128.store(to + step, i64x2.shuffle(ab0, cd0, 1, 3));
  v128.store(to + 2 * step, i64x2.shuffle(ab1, cd1, 0, 2));
  v128.store(to + 3 * step, i64x2.shuffle(ab1, cd1, 1, 3));
}

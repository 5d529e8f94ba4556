// The inner loops of the quantizers, four blocks side by side in the lanes: each lane rounds and adds in the order in which the plain files
// beside this one do (fit-scale.ts, fit-scale-min.ts, q8-0.ts), so that the bits are the same. Compiled into compiled.ts by tools/build-block-fits.mjs.

/** The values and weights of four blocks, value by value, and the levels tried and kept; blocks have at most 32 values. */
const X: usize = memory.data(512, 16);
const W: usize = memory.data(512, 16);
const WX: usize = memory.data(512, 16);
const ABOVE: usize = memory.data(512, 16);
const TRIED: usize = memory.data(512, 16);
const KEPT: usize = memory.data(512, 16);

/** Adding it rounds a float below 2^22 to a whole number, ties to even. */
const MAGIC: f32 = 12582912;

// @ts-ignore: decorator
@inline
function nearest(x: v128): v128 {
  return f32x4.sub(f32x4.add(x, f32x4.splat(MAGIC)), f32x4.splat(MAGIC));
}

/** Value `i` of four blocks of `size` that lie one behind the other. */
// @ts-ignore: decorator
@inline
function across(from: usize, size: i32, i: i32): v128 {
  const at = from + (<usize>i << 2), step = <usize>size << 2;
  let x = v128.load32_zero(at);
  x = f32x4.replace_lane(x, 1, load<f32>(at + step));
  x = f32x4.replace_lane(x, 2, load<f32>(at + 2 * step));
  return f32x4.replace_lane(x, 3, load<f32>(at + 3 * step));
}

/** Whole numbers of four blocks as bytes, `bias` added. */
function putCodes(codes: usize, size: i32, bias: f32): void {
  const shift = f32x4.splat(bias);
  for (let i = 0; i < size; i++) {
    const levels = i32x4.trunc_sat_f32x4_s(f32x4.add(v128.load(KEPT + (<usize>i << 4)), shift));
    const at = codes + i;
    store<u8>(at, <u8>i32x4.extract_lane(levels, 0));
    store<u8>(at + size, <u8>i32x4.extract_lane(levels, 1));
    store<u8>(at + 2 * size, <u8>i32x4.extract_lane(levels, 2));
    store<u8>(at + 3 * size, <u8>i32x4.extract_lane(levels, 3));
  }
}

/** fit-scale-min.ts for `blocks` blocks, a multiple of four: codes, and in `scales` and `mins` one number for each. */
export function fitScaleMin(
  blocks: i32, size: i32, x: usize, w: usize, codes: usize, scales: usize, mins: usize, levelCount: f32, first: f32, delta: f32, steps: i32, absolute: bool,
): void {
  const levels = f32x4.splat(levelCount), zero = f32x4.splat(0);
  for (let block = 0; block < blocks; block += 4) {
    let low = across(x, size, 0), high = low;
    let sumW = across(w, size, 0), sumX = f32x4.mul(sumW, low);
    v128.store(X, low);
    v128.store(W, sumW);
    for (let i = 1; i < size; i++) {
      const value = across(x, size, i), weight = across(w, size, i);
      v128.store(X + (<usize>i << 4), value);
      v128.store(W + (<usize>i << 4), weight);
      low = f32x4.pmin(low, value);
      high = f32x4.pmax(high, value);
      sumW = f32x4.add(sumW, weight);
      sumX = f32x4.add(sumX, f32x4.mul(weight, value));
    }
    low = f32x4.pmin(low, zero);
    const flat = f32x4.le(high, low);
    const flatMin = f32x4.neg(low);
    let range = f32x4.sub(high, low);
    let inverse = f32x4.div(levels, range);
    let scale = f32x4.div(f32x4.splat(1), inverse);
    let least = zero;
    for (let i = 0; i < size; i++) {
      const at = <usize>i << 4;
      const value = v128.load(X + at);
      const above = f32x4.sub(value, low);
      v128.store(ABOVE + at, above);
      const level = f32x4.pmin(f32x4.pmax(zero, nearest(f32x4.mul(inverse, above))), levels);
      v128.store(KEPT + at, level);
      const off = f32x4.sub(f32x4.add(f32x4.mul(scale, level), low), value);
      least = f32x4.add(least, f32x4.mul(v128.load(W + at), absolute ? f32x4.abs(off) : f32x4.mul(off, off)));
    }
    for (let step = 0; step <= steps; step++) {
      inverse = f32x4.div(f32x4.splat(first + delta * <f32>step + levelCount), range);
      let sumL = zero, sumLl = zero, sumXl = zero;
      for (let i = 0; i < size; i++) {
        const at = <usize>i << 4;
        const level = f32x4.pmin(f32x4.pmax(zero, nearest(f32x4.mul(inverse, v128.load(ABOVE + at)))), levels);
        v128.store(TRIED + at, level);
        const wl = f32x4.mul(v128.load(W + at), level);
        sumL = f32x4.add(sumL, wl);
        sumLl = f32x4.add(sumLl, f32x4.mul(wl, level));
        sumXl = f32x4.add(sumXl, f32x4.mul(wl, v128.load(X + at)));
      }
      const determinant = f32x4.sub(f32x4.mul(sumW, sumLl), f32x4.mul(sumL, sumL));
      let thisScale = f32x4.div(f32x4.sub(f32x4.mul(sumW, sumXl), f32x4.mul(sumX, sumL)), determinant);
      let thisLow = f32x4.div(f32x4.sub(f32x4.mul(sumLl, sumX), f32x4.mul(sumL, sumXl)), determinant);
      const raised = f32x4.gt(thisLow, zero);
      thisScale = v128.bitselect(f32x4.div(sumXl, sumLl), thisScale, raised);
      thisLow = v128.bitselect(zero, thisLow, raised);
      let error = zero;
      for (let i = 0; i < size; i++) {
        const at = <usize>i << 4;
        const off = f32x4.sub(f32x4.add(f32x4.mul(thisScale, v128.load(TRIED + at)), thisLow), v128.load(X + at));
        error = f32x4.add(error, f32x4.mul(v128.load(W + at), absolute ? f32x4.abs(off) : f32x4.mul(off, off)));
      }
      const better = v128.and(f32x4.gt(determinant, zero), f32x4.lt(error, least));
      if (!v128.any_true(better)) continue;
      least = v128.bitselect(error, least, better);
      scale = v128.bitselect(thisScale, scale, better);
      low = v128.bitselect(thisLow, low, better);
      range = f32x4.sub(high, low);
      for (let i = 0; i < size; i++) {
        const at = <usize>i << 4;
        v128.store(KEPT + at, v128.bitselect(v128.load(TRIED + at), v128.load(KEPT + at), better));
        v128.store(ABOVE + at, f32x4.sub(v128.load(X + at), low));
      }
    }
    v128.store(scales, v128.andnot(scale, flat));
    v128.store(mins, v128.bitselect(flatMin, f32x4.neg(low), flat));
    if (v128.any_true(flat)) for (let i = 0; i < size; i++) v128.store(KEPT + (<usize>i << 4), v128.andnot(v128.load(KEPT + (<usize>i << 4)), flat));
    putCodes(codes, size, 0);
    x += <usize>size << 4;
    w += <usize>size << 4;
    codes += <usize>size << 2;
    scales += 16;
    mins += 16;
  }
}

/** fit-scale.ts for `blocks` blocks, a multiple of four; weights of 0 for x². */
export function fitScale(blocks: i32, size: i32, x: usize, w: usize, codes: usize, scales: usize, levelCount: f32): void {
  const most = f32x4.splat(levelCount - 1), least = f32x4.splat(-levelCount), zero = f32x4.splat(0);
  for (let block = 0; block < blocks; block += 4) {
    let largest = zero, at = zero;
    for (let i = 0; i < size; i++) {
      const value = across(x, size, i);
      const weight = w === 0 ? f32x4.mul(value, value) : across(w, size, i);
      v128.store(X + (<usize>i << 4), value);
      v128.store(W + (<usize>i << 4), weight);
      v128.store(WX + (<usize>i << 4), f32x4.mul(weight, value));
      const magnitude = f32x4.abs(value), larger = f32x4.gt(magnitude, largest);
      largest = v128.bitselect(magnitude, largest, larger);
      at = v128.bitselect(value, at, larger);
    }
    const empty = f32x4.lt(largest, f32x4.splat(1e-15));
    let scale = zero, best = zero;
    for (let step = 0; step < 19; step++) {
      const shift = step === 0 ? 0 : step <= 9 ? step - 10 : step - 9;
      const numerator: f32 = step === 0 ? levelCount : levelCount + <f32>0.1 * <f32>shift;
      const inverse = f32x4.div(f32x4.splat(-numerator), at);
      let sumXl = zero, sumLl = zero;
      for (let i = 0; i < size; i++) {
        const place = <usize>i << 4;
        const level = f32x4.pmax(f32x4.pmin(nearest(f32x4.mul(inverse, v128.load(X + place))), most), least);
        v128.store(TRIED + place, level);
        sumXl = f32x4.add(sumXl, f32x4.mul(v128.load(WX + place), level));
        sumLl = f32x4.add(sumLl, f32x4.mul(f32x4.mul(v128.load(W + place), level), level));
      }
      const better = step === 0 ? f32x4.eq(zero, zero) : v128.and(f32x4.gt(sumLl, zero), f32x4.gt(f32x4.mul(sumXl, sumXl), f32x4.mul(best, sumLl)));
      if (!v128.any_true(better)) continue;
      for (let i = 0; i < size; i++) {
        const place = <usize>i << 4;
        v128.store(KEPT + place, v128.bitselect(v128.load(TRIED + place), v128.load(KEPT + place), better));
      }
      const found = v128.andnot(f32x4.div(sumXl, sumLl), f32x4.eq(sumLl, zero));
      scale = v128.bitselect(found, scale, better);
      best = v128.bitselect(f32x4.mul(found, sumXl), best, better);
    }
    v128.store(scales, v128.andnot(scale, empty));
    // Codes of an empty block are 0, the bias included.
    if (v128.any_true(empty)) for (let i = 0; i < size; i++) v128.store(KEPT + (<usize>i << 4), v128.bitselect(f32x4.splat(-levelCount), v128.load(KEPT + (<usize>i << 4)), empty));
    putCodes(codes, size, levelCount);
    x += <usize>size << 4;
    if (w !== 0) w += <usize>size << 4;
    codes += <usize>size << 2;
    scales += 16;
  }
}

/** √(mean square) + |x|: the weights of Q4_K and Q5_K, for `blocks` blocks of 32, a multiple of four. */
export function spreadWeights(blocks: i32, x: usize, w: usize): void {
  for (let block = 0; block < blocks; block += 4) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < 32; i++) {
      const value = across(x, 32, i);
      sum = f32x4.add(sum, f32x4.mul(value, value));
    }
    const spread = f32x4.sqrt(f32x4.div(sum, f32x4.splat(32)));
    for (let j = 0; j < 4; j++) {
      const each = f32x4.splat(j === 0 ? f32x4.extract_lane(spread, 0) : j === 1 ? f32x4.extract_lane(spread, 1) : j === 2 ? f32x4.extract_lane(spread, 2) : f32x4.extract_lane(spread, 3));
      for (let i = 0; i < 8; i++) v128.store(w + (<usize>i << 4), f32x4.add(each, f32x4.abs(v128.load(x + (<usize>i << 4)))));
      x += 128;
      w += 128;
    }
  }
}

/** codes = round((x + min) / scale) within bounds, plus bias; blocks whose scale is 0 keep theirs. */
export function requantize(blocks: i32, size: i32, x: usize, codes: usize, scales: usize, mins: usize, low: f32, high: f32, bias: f32): void {
  const least = f32x4.splat(low), most = f32x4.splat(high), shift = f32x4.splat(bias);
  for (let block = 0; block < blocks; block++) {
    const scale = load<f32>(scales), d = f32x4.splat(scale), m = f32x4.splat(load<f32>(mins));
    if (scale !== 0) {
      for (let i = 0; i < size; i += 16) {
        const at = x + (<usize>i << 2);
        const a = part(at, m, d, least, most, shift), b = part(at + 16, m, d, least, most, shift);
        const c = part(at + 32, m, d, least, most, shift), e = part(at + 48, m, d, least, most, shift);
        v128.store(codes + i, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, e)));
      }
    }
    x += <usize>size << 2;
    codes += size;
    scales += 4;
    mins += 4;
  }
}

// @ts-ignore: decorator
@inline
function part(at: usize, m: v128, d: v128, least: v128, most: v128, shift: v128): v128 {
  const level = nearest(f32x4.div(f32x4.add(v128.load(at), m), d));
  return i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.pmin(f32x4.pmax(least, level), most), shift));
}

/** The whole of q8-0.ts for `blocks` blocks. */
export function quantizeQ8(blocks: i32, x: usize, out: usize): void {
  for (let block = 0; block < blocks; block++) {
    let largest = f32x4.splat(0);
    for (let i = 0; i < 128; i += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(x + i)));
    const most = max(max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)), max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)));
    const d = most / 127;
    let inverse: f32 = 1 / d;
    if (inverse === f32.POSITIVE_INFINITY) inverse = 0;
    store<u16>(out, half(d));
    const id = f32x4.splat(inverse);
    for (let i = 0; i < 2; i++) {
      const at = x + (<usize>i << 6);
      v128.store(out + 2 + (<usize>i << 4), i8x16.narrow_i16x8_s(
        i16x8.narrow_i32x4_s(away(v128.load(at), id), away(v128.load(at + 16), id)), i16x8.narrow_i32x4_s(away(v128.load(at + 32), id), away(v128.load(at + 48), id)),
      ));
    }
    x += 128;
    out += 34;
  }
}

/** x · id rounded to a whole number, halves away from zero: truncated, and one more where half or more is left. */
// @ts-ignore: decorator
@inline
function away(x: v128, id: v128): v128 {
  const value = f32x4.mul(x, id), whole = f32x4.trunc(value);
  const more = f32x4.ge(f32x4.abs(f32x4.sub(value, whole)), f32x4.splat(0.5));
  const one = v128.or(f32x4.splat(1), v128.and(value, f32x4.splat(-0.0)));
  return i32x4.trunc_sat_f32x4_s(f32x4.add(whole, v128.and(one, more)));
}

/** half.ts for numbers from 0 on. */
// @ts-ignore: decorator
@inline
function half(value: f32): u16 {
  const bits = reinterpret<u32>(value);
  if (bits >= 0x38800000) return <u16>min<u32>((bits + 0xfff + ((bits >> 13) & 1) - 0x38000000) >> 13, 0x7c00);
  // At 2^23 the unit in the last place of a float is 1: adding it rounds, ties to even.
  return <u16>(value * 16777216 + <f32>8388608 - <f32>8388608);
}

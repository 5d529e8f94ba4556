import { fma, loadPartial, maxLanes, storePartial, sumLanes } from '../common/simd.as';
import { exp2Constants, exp2, log2 } from '../common/exp2.as';

const LOG2_E: f32 = 1.44269504;

/** The largest of `cols` numbers; NaN where one is NaN. */
export function softmaxMaximum(x: usize, cols: i32): f32 {
  let m0 = f32x4.splat(-Infinity), m1 = m0;
  for (; cols >= 8; cols -= 8) {
    m0 = f32x4.max(m0, v128.load(x)); m1 = f32x4.max(m1, v128.load(x, 16));
    x += 32;
  }
  let most = maxLanes(f32x4.max(m0, m1));
  for (; cols > 0; cols--) { most = max<f32>(most, load<f32>(x)); x += 4; }
  return most;
}

/** y = exp(x − shift), or nothing where y is 0; returns the sum, by blocks of 1,024 into an f64. */
// @ts-ignore: decorator
@inline
function powers(x: usize, y: usize, cols: i32, shift: f32, keep: bool): f64 {
  const s = f32x4.splat(shift), unit = f32x4.splat(LOG2_E), constants = exp2Constants();
  let total: f64 = 0;
  while (cols > 0) {
    let left = min(1024, cols);
    cols -= left;
    let s0 = f32x4.splat(0), s1 = s0;
    for (; left >= 8; left -= 8) {
      const a = exp2(f32x4.mul(f32x4.sub(v128.load(x), s), unit), constants);
      const b = exp2(f32x4.mul(f32x4.sub(v128.load(x, 16), s), unit), constants);
      s0 = f32x4.add(s0, a); s1 = f32x4.add(s1, b);
      if (keep) { v128.store(y, a); v128.store(y, b, 16); y += 32; }
      x += 32;
    }
    total += <f64>sumLanes(f32x4.add(s0, s1));
    for (; left > 0; left--) {
      const a = f32x4.extract_lane(exp2(f32x4.splat((load<f32>(x) - shift) * LOG2_E), constants), 0);
      total += <f64>a;
      if (keep) { store<f32>(y, a); y += 4; }
      x += 4;
    }
  }
  return total;
}

/** y = exp(x − shift) and its sum. */
export function softmaxPowers(x: usize, y: usize, cols: i32, shift: f32): f64 { return powers(x, y, cols, shift, true); }

/** Σ exp(x − shift). */
export function softmaxSum(x: usize, cols: i32, shift: f32): f64 { return powers(x, 0, cols, shift, false); }

/** ln x for a sum of powers of which one is 1. */
// @ts-ignore: decorator
@inline
export function softmaxLogSum(sum: f64): f64 { return 0.6931471805599453 * log2(<f32>sum); }

/** Rows [begin, end): y = exp(x − max) / Σ exp(x − max). */
export function softmax(begin: i32, end: i32, x: usize, y: usize, cols: i32): void {
  const row = <usize>cols << 2;
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * row;
    let to = y + <usize>r * row;
    const scale = <f32>(1 / softmaxPowers(from, to, cols, softmaxMaximum(from, cols)));
    const s = f32x4.splat(scale);
    let left = cols;
    for (; left >= 4; left -= 4) { v128.store(to, f32x4.mul(v128.load(to), s)); to += 16; }
    for (; left > 0; left--) { store<f32>(to, load<f32>(to) * scale); to += 4; }
  }
}

/** Rows [begin, end): y = x − ln Σ exp(x). */
export function softmaxLog(begin: i32, end: i32, x: usize, y: usize, cols: i32): void {
  const row = <usize>cols << 2;
  for (let r = begin; r < end; r++) {
    let from = x + <usize>r * row, to = y + <usize>r * row;
    const most = softmaxMaximum(from, cols);
    // Two subtractions, as the sum of both would lose the digits of the smaller.
    const rest = <f32>softmaxLogSum(softmaxSum(from, cols, most));
    const a = f32x4.splat(most), b = f32x4.splat(rest);
    let left = cols;
    for (; left >= 4; left -= 4) { v128.store(to, f32x4.sub(f32x4.sub(v128.load(from), a), b)); from += 16; to += 16; }
    for (; left > 0; left--) { store<f32>(to, load<f32>(from) - most - rest); from += 4; to += 4; }
  }
}

/** Rows [begin, end): dx = y · (dy − Σ dy · y). */
export function softmaxBackward(begin: i32, end: i32, dy: usize, y: usize, dx: usize, cols: i32): void {
  const row = <usize>cols << 2;
  for (let r = begin; r < end; r++) {
    let g = dy + <usize>r * row, p = y + <usize>r * row, to = dx + <usize>r * row;
    let s0 = f32x4.splat(0), s1 = s0;
    let c = 0;
    for (; c + 8 <= cols; c += 8) {
      const at = <usize>c << 2;
      s0 = fma(v128.load(g + at), v128.load(p + at), s0);
      s1 = fma(v128.load(g + at, 16), v128.load(p + at, 16), s1);
    }
    let dot = sumLanes(f32x4.add(s0, s1));
    for (; c < cols; c++) dot += load<f32>(g + (<usize>c << 2)) * load<f32>(p + (<usize>c << 2));
    const d = f32x4.splat(dot);
    let left = cols;
    for (; left >= 4; left -= 4) {
      v128.store(to, f32x4.mul(v128.load(p), f32x4.sub(v128.load(g), d)));
      g += 16; p += 16; to += 16;
    }
    if (left > 0) storePartial(to, f32x4.mul(loadPartial(p, left), f32x4.sub(loadPartial(g, left), d)), left);
  }
}

/** Rows [begin, end): dx = dy − exp(y) · Σ dy. */
export function softmaxLogBackward(begin: i32, end: i32, dy: usize, y: usize, dx: usize, cols: i32): void {
  const row = <usize>cols << 2;
  const unit = f32x4.splat(LOG2_E), constants = exp2Constants();
  for (let r = begin; r < end; r++) {
    let g = dy + <usize>r * row, p = y + <usize>r * row, to = dx + <usize>r * row;
    let s0 = f32x4.splat(0), s1 = s0;
    let c = 0;
    for (; c + 8 <= cols; c += 8) {
      s0 = f32x4.add(s0, v128.load(g + (<usize>c << 2)));
      s1 = f32x4.add(s1, v128.load(g + (<usize>c << 2), 16));
    }
    let sum = sumLanes(f32x4.add(s0, s1));
    for (; c < cols; c++) sum += load<f32>(g + (<usize>c << 2));
    const d = f32x4.splat(-sum);
    let left = cols;
    for (; left >= 4; left -= 4) {
      v128.store(to, fma(exp2(f32x4.mul(v128.load(p), unit), constants), d, v128.load(g)));
      g += 16; p += 16; to += 16;
    }
    if (left > 0) storePartial(to, fma(exp2(f32x4.mul(loadPartial(p, left), unit), constants), d, loadPartial(g, left)), left);
  }
}

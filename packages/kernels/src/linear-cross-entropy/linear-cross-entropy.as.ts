import { preciseTanh } from '../common/exp.as';
import { exp2, exp2Constants } from '../common/exp2.as';
import { loadPartial, storePartial, sumLanes } from '../common/simd.as';
import { softmaxLogSum, softmaxMaximum, softmaxPowers, softmaxSum } from '../softmax/softmax.as';

/** Σ x by blocks of 1,024 into an f64. */
function sum(x: usize, cols: i32): f64 {
  let total: f64 = 0;
  while (cols > 0) {
    let left = min(1024, cols);
    cols -= left;
    let s0 = f32x4.splat(0), s1 = s0;
    for (; left >= 8; left -= 8) { s0 = f32x4.add(s0, v128.load(x)); s1 = f32x4.add(s1, v128.load(x, 16)); x += 32; }
    total += <f64>sumLanes(f32x4.add(s0, s1));
    for (; left > 0; left--) { total += <f64>load<f32>(x); x += 4; }
  }
  return total;
}

/** Whether none of the first `count` numbers is `value`. */
function isFirst(x: usize, count: i32, value: f32): bool {
  const v = f32x4.splat(value);
  for (; count >= 4; count -= 4) { if (v128.any_true(f32x4.eq(v128.load(x), v))) return false; x += 16; }
  for (; count > 0; count--) { if (load<f32>(x) == value) return false; x += 4; }
  return true;
}

function fillRow(x: usize, cols: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (; cols >= 4; cols -= 4) { v128.store(x, v); x += 16; }
  if (cols > 0) storePartial(x, v, cols);
}

/** x = x · factor − less. */
function affineRow(x: usize, cols: i32, factor: f32, less: f32): void {
  const f = f32x4.splat(factor), l = f32x4.splat(less);
  for (; cols >= 4; cols -= 4) { v128.store(x, f32x4.sub(f32x4.mul(v128.load(x), f), l)); x += 16; }
  if (cols > 0) storePartial(x, f32x4.sub(f32x4.mul(loadPartial(x, cols), f), l), cols);
}

/** x = x · factor. */
function scaleRow(x: usize, cols: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; cols >= 4; cols -= 4) { v128.store(x, f32x4.mul(v128.load(x), f)); x += 16; }
  if (cols > 0) storePartial(x, f32x4.mul(loadPartial(x, cols), f), cols);
}

/** x = cap · tanh(x / cap) · factor. */
function capRow(x: usize, cols: i32, cap: f32, factor: f32): void {
  const inverse = f32x4.splat(1 / cap), most = f32x4.splat(cap * factor);
  for (; cols >= 4; cols -= 4) { v128.store(x, f32x4.mul(preciseTanh(f32x4.mul(v128.load(x), inverse)), most)); x += 16; }
  if (cols > 0) storePartial(x, f32x4.mul(preciseTanh(f32x4.mul(loadPartial(x, cols), inverse)), most), cols);
}

/** The gradient of a capped logit v where the target is not: (exp(v − shift) · factor − less) · (1 − (v / cap)²). */
// @ts-ignore: decorator
@inline
function cappedGradient(v: v128, shift: v128, factor: v128, less: v128, inverse: v128, constants: usize): v128 {
  const e = exp2(f32x4.mul(f32x4.sub(v, shift), f32x4.splat(1.44269504)), constants), t = f32x4.mul(v, inverse);
  return f32x4.mul(f32x4.sub(f32x4.mul(e, factor), less), f32x4.sub(f32x4.splat(1), f32x4.mul(t, t)));
}

/** Replaces a row of capped logits by that gradient. */
function cappedGradientRow(x: usize, cols: i32, shift: f32, factor: f32, less: f32, cap: f32): void {
  const s = f32x4.splat(shift), f = f32x4.splat(factor), l = f32x4.splat(less), inverse = f32x4.splat(1 / cap), constants = exp2Constants();
  for (; cols >= 4; cols -= 4) { v128.store(x, cappedGradient(v128.load(x), s, f, l, inverse, constants)); x += 16; }
  if (cols > 0) storePartial(x, cappedGradient(loadPartial(x, cols), s, f, l, inverse, constants), cols);
}

/** Σ exp(x − shift) · (x − shift), by blocks of 1,024 into an f64; what is so low that its power is 0 adds 0, also where it is −∞. */
function weightedSum(x: usize, cols: i32, shift: f32): f64 {
  const s = f32x4.splat(shift), unit = f32x4.splat(1.44269504), least = f32x4.splat(-200), constants = exp2Constants();
  let total: f64 = 0;
  while (cols > 0) {
    let left = min(1024, cols);
    cols -= left;
    let sum = f32x4.splat(0);
    for (; left > 0; left -= 4, x += 16) {
      const value = left >= 4 ? v128.load(x) : loadPartial(x, left);
      const rest = f32x4.max(f32x4.sub(value, s), least);
      let term = f32x4.mul(exp2(f32x4.mul(rest, unit), constants), rest);
      if (left < 4) term = v128.and(term, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
      sum = f32x4.add(sum, term);
    }
    total += <f64>sumLanes(sum);
  }
  return total;
}

/**
 * Rows [begin, end) of the logits z, which are those of the rows `order` of the batch: their losses, and where `gradient` is set z
 * becomes the gradient of scale · loss. None of their targets is ignored.
 */
export function linearCrossEntropyRows(
  begin: i32, end: i32, z: usize, order: usize, targets: usize, scales: usize, loss: usize, entropy: usize, correct: usize,
  cols: i32, smoothing: f32, zLoss: f32, perTemperature: f32, softCap: f32, gradient: i32,
): void {
  for (let r = begin; r < end; r++) {
    const row = z + (<usize>r * cols << 2), at = <usize>load<i32>(order + (<usize>r << 2)) << 2;
    const target = load<i32>(targets + at);
    const known = <u32>target < <u32>cols;
    if (softCap > 0) capRow(row, cols, softCap, perTemperature);
    else if (perTemperature != 1) scaleRow(row, cols, perTemperature);
    const most = softmaxMaximum(row, cols);
    const own = known ? load<f32>(row + (<usize>target << 2)) : <f32>NaN;
    const mean = smoothing != 0 ? sum(row, cols) / <f64>cols : 0;
    if (correct != 0) store<f32>(correct + at, own == most && isFirst(row, target, own) ? 1 : 0);
    const weighted = entropy != 0 ? weightedSum(row, cols, most) : 0;
    const total = gradient && softCap <= 0 ? softmaxPowers(row, row, cols, most) : softmaxSum(row, cols, most);
    const rest = softmaxLogSum(total), l = <f64>most + rest;
    if (entropy != 0) store<f32>(entropy + at, <f32>(rest - weighted / total));
    // lse − z_t from its parts: where the target is certain, they nearly cancel.
    const value = (<f64>most - <f64>own + rest) + <f64>smoothing * (<f64>own - mean) + <f64>zLoss * l * l;
    store<f32>(loss + at, <f32>value);
    if (!gradient) continue;
    if (!known) {
      fillRow(row, cols, <f32>NaN);
      continue;
    }
    const scale = (scales != 0 ? load<f32>(scales + at) : 1) * perTemperature;
    const factor = <f32>(<f64>scale * (1 + 2 * <f64>zLoss * l) / total), less = scale * smoothing / <f32>cols;
    const p = row + (<usize>target << 2);
    let slope: f32 = 1;
    if (softCap > 0) {
      const bound = softCap * perTemperature, t = own / bound;
      slope = 1 - t * t;
      cappedGradientRow(row, cols, most, factor, less, bound);
    } else affineRow(row, cols, factor, less);
    store<f32>(p, load<f32>(p) - scale * (1 - smoothing) * slope);
  }
}

/** Rows [begin, end) of `from` go to the rows `order` of `to`. */
export function linearCrossEntropySpread(begin: i32, end: i32, from: usize, order: usize, to: usize, width: i32): void {
  const bytes = <usize>width << 2;
  for (let r = begin; r < end; r++) memory.copy(to + <usize>load<i32>(order + (<usize>r << 2)) * bytes, from + <usize>r * bytes, bytes);
}

/** Columns in blocks [begin, end) of 256: dbias = (accumulate ? dbias : 0) + Σ_rows of the gradients. */
export function linearCrossEntropyBias(begin: i32, end: i32, gradients: usize, dbias: usize, rows: i32, cols: i32, accumulate: i32): void {
  for (let block = begin; block < end; block++) {
    const first = block << 8, width = min(256, cols - first);
    const to = dbias + (<usize>first << 2);
    if (!accumulate) memory.fill(to, 0, <usize>width << 2);
    for (let r = 0; r < rows; r++) {
      let from = gradients + ((<usize>r * cols + first) << 2), sums = to, left = width;
      for (; left >= 4; left -= 4) { v128.store(sums, f32x4.add(v128.load(sums), v128.load(from))); sums += 16; from += 16; }
      for (; left > 0; left--) { store<f32>(sums, load<f32>(sums) + load<f32>(from)); sums += 4; from += 4; }
    }
  }
}

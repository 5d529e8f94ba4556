// Soft caps of scores, which are in units of log₂, as `cap` is: s becomes cap · tanh(s / cap).
import { preciseTanh } from '../common/exp.as';

/** Caps the scores of a row in [low, high), which are multiples of 8. */
export function attentionCap(row: usize, low: i32, high: i32, cap: f32): void {
  const most = f32x4.splat(cap), inverse = f32x4.splat(1 / cap);
  const stop = row + (<usize>high << 2);
  for (let at = row + (<usize>low << 2); at < stop; at += 16) v128.store(at, f32x4.mul(most, preciseTanh(f32x4.mul(v128.load(at), inverse))));
}

/** Caps the scores at `row` as well, and brings dp at `dp` to (dp − own) · (1 − tanh²), which only misses the probability. */
export function attentionCapGradient(row: usize, dp: usize, low: i32, high: i32, cap: f32, own: f32): void {
  const most = f32x4.splat(cap), inverse = f32x4.splat(1 / cap), mean = f32x4.splat(own), one = f32x4.splat(1);
  const stop = row + (<usize>high << 2);
  dp += <usize>low << 2;
  for (let at = row + (<usize>low << 2); at < stop; at += 16, dp += 16) {
    const t = preciseTanh(f32x4.mul(v128.load(at), inverse));
    v128.store(at, f32x4.mul(most, t));
    v128.store(dp, f32x4.mul(f32x4.sub(v128.load(dp), mean), f32x4.sub(one, f32x4.mul(t, t))));
  }
}

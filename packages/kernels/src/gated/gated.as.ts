import { activate, activateDerivative } from '../common/activation.as';
import { loadPartial, storePartial } from '../common/simd.as';

// @ts-ignore: decorator
@inline
function value(x: v128, code: i32): v128 { return code == 0 ? x : activate(x, code); }

// @ts-ignore: decorator
@inline
function slope(x: v128, code: i32): v128 { return code == 0 ? f32x4.splat(1) : activateDerivative(x, code); }

/** Elements [begin, end): y = f(gate) · up. */
export function gated(begin: i32, end: i32, gate: usize, up: usize, y: usize, code: i32): void {
  let a = gate + (<usize>begin << 2), b = up + (<usize>begin << 2), to = y + (<usize>begin << 2), left = end - begin;
  for (; left >= 4; left -= 4) {
    v128.store(to, f32x4.mul(value(v128.load(a), code), v128.load(b)));
    a += 16; b += 16; to += 16;
  }
  if (left > 0) storePartial(to, f32x4.mul(value(loadPartial(a, left), code), loadPartial(b, left)), left);
}

/** Elements [begin, end): dgate = dy · up · f′(gate), dup = dy · f(gate). */
export function gatedBackward(
  begin: i32, end: i32, dy: usize, gate: usize, up: usize, dgate: usize, dup: usize, code: i32,
): void {
  const offset = <usize>begin << 2;
  let g = dy + offset, a = gate + offset, b = up + offset, da = dgate + offset, db = dup + offset, left = end - begin;
  for (; left >= 4; left -= 4) {
    const d = v128.load(g), x = v128.load(a), u = v128.load(b);
    v128.store(da, f32x4.mul(f32x4.mul(d, u), slope(x, code)));
    v128.store(db, f32x4.mul(d, value(x, code)));
    g += 16; a += 16; b += 16; da += 16; db += 16;
  }
  if (left > 0) {
    const d = loadPartial(g, left), x = loadPartial(a, left), u = loadPartial(b, left);
    storePartial(da, f32x4.mul(f32x4.mul(d, u), slope(x, code)), left);
    storePartial(db, f32x4.mul(d, value(x, code)), left);
  }
}

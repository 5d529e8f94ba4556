import { loadPartial, storePartial } from '../common/simd.as';
import { activationConstants, activationSlope, activationValue, activationWeight } from '../common/activation.as';

// @ts-ignore: decorator
@inline
function forward(code: i32, gate: usize, up: usize, y: usize, count: i32): void {
  const constants = activationConstants();
  for (; count >= 4; count -= 4) {
    const x = v128.load(gate);
    v128.store(y, f32x4.mul(activationValue(code, x, activationWeight(code, x, constants)), v128.load(up)));
    gate += 16; up += 16; y += 16;
  }
  if (count > 0) {
    const x = loadPartial(gate, count);
    storePartial(y, f32x4.mul(activationValue(code, x, activationWeight(code, x, constants)), loadPartial(up, count)), count);
  }
}

/** Elements [begin, end): y = f(gate) · up. */
export function gated(begin: i32, end: i32, gate: usize, up: usize, y: usize, code: i32): void {
  const offset = <usize>begin << 2, count = end - begin;
  if (code == 0) forward(0, gate + offset, up + offset, y + offset, count);
  else if (code == 1) forward(1, gate + offset, up + offset, y + offset, count);
  else if (code == 2) forward(2, gate + offset, up + offset, y + offset, count);
  else if (code == 3) forward(3, gate + offset, up + offset, y + offset, count);
  else if (code == 4) forward(4, gate + offset, up + offset, y + offset, count);
  else forward(5, gate + offset, up + offset, y + offset, count);
}

// @ts-ignore: decorator
@inline
function backward(code: i32, dy: usize, gate: usize, up: usize, dgate: usize, dup: usize, count: i32): void {
  const constants = activationConstants();
  for (; count >= 4; count -= 4) {
    const d = v128.load(dy), x = v128.load(gate), u = v128.load(up), weight = activationWeight(code, x, constants);
    v128.store(dgate, f32x4.mul(f32x4.mul(d, u), activationSlope(code, x, weight, constants)));
    v128.store(dup, f32x4.mul(d, activationValue(code, x, weight)));
    dy += 16; gate += 16; up += 16; dgate += 16; dup += 16;
  }
  if (count > 0) {
    const d = loadPartial(dy, count), x = loadPartial(gate, count), u = loadPartial(up, count), weight = activationWeight(code, x, constants);
    storePartial(dgate, f32x4.mul(f32x4.mul(d, u), activationSlope(code, x, weight, constants)), count);
    storePartial(dup, f32x4.mul(d, activationValue(code, x, weight)), count);
  }
}

/** Elements [begin, end): dgate = dy · up · f′(gate), dup = dy · f(gate). */
export function gatedBackward(
  begin: i32, end: i32, dy: usize, gate: usize, up: usize, dgate: usize, dup: usize, code: i32,
): void {
  const o = <usize>begin << 2, count = end - begin;
  if (code == 0) backward(0, dy + o, gate + o, up + o, dgate + o, dup + o, count);
  else if (code == 1) backward(1, dy + o, gate + o, up + o, dgate + o, dup + o, count);
  else if (code == 2) backward(2, dy + o, gate + o, up + o, dgate + o, dup + o, count);
  else if (code == 3) backward(3, dy + o, gate + o, up + o, dgate + o, dup + o, count);
  else if (code == 4) backward(4, dy + o, gate + o, up + o, dgate + o, dup + o, count);
  else backward(5, dy + o, gate + o, up + o, dgate + o, dup + o, count);
}

import { loadPartial, storePartial } from '../common/simd.as';
import { activationConstants, activationSlope, activationValue, activationWeight } from '../common/activation.as';

// @ts-ignore: decorator
@inline
function forward(code: i32, x: usize, y: usize, count: i32): void {
  const constants = activationConstants();
  for (; count >= 4; count -= 4) {
    const v = v128.load(x);
    v128.store(y, activationValue(code, v, activationWeight(code, v, constants)));
    x += 16; y += 16;
  }
  if (count > 0) {
    const v = loadPartial(x, count);
    storePartial(y, activationValue(code, v, activationWeight(code, v, constants)), count);
  }
}

/** Elements [begin, end): y = f(x). */
export function activation(begin: i32, end: i32, x: usize, y: usize, code: i32): void {
  const from = x + (<usize>begin << 2), to = y + (<usize>begin << 2), count = end - begin;
  if (code == 1) forward(1, from, to, count);
  else if (code == 2) forward(2, from, to, count);
  else if (code == 3) forward(3, from, to, count);
  else if (code == 4) forward(4, from, to, count);
  else if (code == 5) forward(5, from, to, count);
  else memory.copy(to, from, <usize>count << 2);
}

// @ts-ignore: decorator
@inline
function backward(code: i32, dy: usize, x: usize, dx: usize, count: i32): void {
  const constants = activationConstants();
  for (; count >= 4; count -= 4) {
    const v = v128.load(x);
    v128.store(dx, f32x4.mul(v128.load(dy), activationSlope(code, v, activationWeight(code, v, constants), constants)));
    dy += 16; x += 16; dx += 16;
  }
  if (count > 0) {
    const v = loadPartial(x, count);
    storePartial(dx, f32x4.mul(loadPartial(dy, count), activationSlope(code, v, activationWeight(code, v, constants), constants)), count);
  }
}

/** Elements [begin, end): dx = dy · f′(x). */
export function activationBackward(begin: i32, end: i32, dy: usize, x: usize, dx: usize, code: i32): void {
  const offset = <usize>begin << 2, count = end - begin;
  if (code == 1) backward(1, dy + offset, x + offset, dx + offset, count);
  else if (code == 2) backward(2, dy + offset, x + offset, dx + offset, count);
  else if (code == 3) backward(3, dy + offset, x + offset, dx + offset, count);
  else if (code == 4) backward(4, dy + offset, x + offset, dx + offset, count);
  else if (code == 5) backward(5, dy + offset, x + offset, dx + offset, count);
  else memory.copy(dx + offset, dy + offset, <usize>count << 2);
}

import { activate, activateDerivative } from '../common/activation.as';
import { loadPartial, storePartial } from '../common/simd.as';

/** Elements [begin, end): y = f(x). */
export function activation(begin: i32, end: i32, x: usize, y: usize, code: i32): void {
  let from = x + (<usize>begin << 2), to = y + (<usize>begin << 2), left = end - begin;
  if (code == 0) { memory.copy(to, from, <usize>left << 2); return; }
  for (; left >= 4; left -= 4) { v128.store(to, activate(v128.load(from), code)); from += 16; to += 16; }
  if (left > 0) storePartial(to, activate(loadPartial(from, left), code), left);
}

/** Elements [begin, end): dx = dy · f′(x). */
export function activationBackward(begin: i32, end: i32, dy: usize, x: usize, dx: usize, code: i32): void {
  let grad = dy + (<usize>begin << 2), from = x + (<usize>begin << 2), to = dx + (<usize>begin << 2), left = end - begin;
  if (code == 0) { memory.copy(to, grad, <usize>left << 2); return; }
  for (; left >= 4; left -= 4) {
    v128.store(to, f32x4.mul(v128.load(grad), activateDerivative(v128.load(from), code)));
    grad += 16; from += 16; to += 16;
  }
  if (left > 0) storePartial(to, f32x4.mul(loadPartial(grad, left), activateDerivative(loadPartial(from, left), code)), left);
}

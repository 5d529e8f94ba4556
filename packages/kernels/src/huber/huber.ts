import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable, portableGradient } from '../portable/portable.ts';

/** With d = |prediction − target|: y = ½d² up to d = delta, and delta · (d − ½delta) beyond. */
export const huber: Kernel = portable('huber', (prediction, target, delta) => {
  const d = Math.abs(prediction - target);
  return d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta);
}, { inputs: { prediction: { dims: ['count'] }, target: { dims: ['count'] } }, uniforms: { delta: 1 }, compiled: compiled.huber });

/** dprediction = dy · the error between −delta and delta, and dtarget the opposite. */
export const huberBackward: Kernel = portableGradient(huber, [
  (prediction, target, dy, delta) => dy * Math.max(-delta, Math.min(delta, prediction - target)),
  (prediction, target, dy, delta) => dy * Math.max(-delta, Math.min(delta, target - prediction)),
], { compiled: compiled.huberBackward });

import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable, portableGradient } from '../portable/portable.ts';

/** y = (prediction − target)². */
export const squaredError: Kernel = portable('squaredError', (prediction, target) => {
  const d = prediction - target;
  return d * d;
}, { inputs: { prediction: { dims: ['count'] }, target: { dims: ['count'] } }, compiled: compiled.squaredError });

/** dprediction = 2 · (prediction − target) · dy, and dtarget the opposite. */
export const squaredErrorBackward: Kernel = portableGradient(squaredError, [
  (prediction, target, dy) => 2 * (prediction - target) * dy,
  (prediction, target, dy) => 2 * (target - prediction) * dy,
], { compiled: compiled.squaredErrorBackward });

import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable, portableGradient } from '../portable/portable.ts';

/**
 * Focal loss of a logit against a target between 0 and 1. With p = σ(logit) and m = p + target − 2 · p · target, the distance from
 * the target: y = (alpha · target + (1 − alpha) · (1 − target)) · m^gamma · binary cross-entropy.
 */
export const sigmoidFocal: Kernel = portable('sigmoidFocal', (logit, target, alpha, gamma) => {
  const e = Math.exp(-Math.abs(logit));
  const p = (logit < 0 ? e : 1) / (1 + e);
  const entropy = Math.max(logit, 0) - logit * target + Math.log(1 + e);
  return (alpha * target + (1 - alpha) * (1 - target)) * Math.pow(p + target - 2 * p * target, gamma) * entropy;
}, {
  inputs: { logit: { dims: ['count'] }, target: { dims: ['count'] } },
  uniforms: { alpha: 0.25, gamma: 2 },
  compiled: compiled.sigmoidFocal,
  paper: 'https://arxiv.org/abs/1708.02002',
});

/** dlogit = dy · weight · m^(gamma − 1) · (m · (p − target) + gamma · entropy · p · (1 − p) · (1 − 2 · target)), for gamma from 1 on. */
export const sigmoidFocalBackward: Kernel = portableGradient(sigmoidFocal, (logit, target, dy, alpha, gamma) => {
  const e = Math.exp(-Math.abs(logit));
  const p = (logit < 0 ? e : 1) / (1 + e);
  const entropy = Math.max(logit, 0) - logit * target + Math.log(1 + e);
  const m = p + target - 2 * p * target;
  const slope = m * (p - target) + gamma * entropy * p * (1 - p) * (1 - 2 * target);
  return dy * (alpha * target + (1 - alpha) * (1 - target)) * Math.pow(m, gamma - 1) * slope;
}, { compiled: compiled.sigmoidFocalBackward });

import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable, portableGradient } from '../portable/portable.ts';

/** SiLU: y = x · σ(x). Below −80 the exponential would overflow, and y is 0 to 30 digits. */
export const silu: Kernel = portable('silu', (x) => (
  x / (1 + Math.exp(-Math.max(x, -80)))
), { compiled: compiled.silu, paper: 'https://arxiv.org/abs/1702.03118' });

/** dx = dy · σ(x) · (1 + x · (1 − σ(x))). */
export const siluBackward: Kernel = portableGradient(silu, (x, dy) => {
  const s = 1 / (1 + Math.exp(-Math.max(x, -80)));
  return dy * s * (1 + x * (1 - s));
}, { compiled: compiled.siluBackward });

import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable, portableGradient } from '../portable/portable.ts';

/** y = max(x, 0)². */
export const reluSquared: Kernel = portable('reluSquared', (x) => {
  const r = Math.max(x, 0);
  return r * r;
}, { compiled: compiled.reluSquared, paper: 'https://arxiv.org/abs/2109.08668' });

/** dx = dy · 2 · max(x, 0). */
export const reluSquaredBackward: Kernel = portableGradient(reluSquared, (x, dy) => 2 * dy * Math.max(x, 0), { compiled: compiled.reluSquaredBackward });

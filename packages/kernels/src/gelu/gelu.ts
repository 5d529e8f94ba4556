import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable, portableGradient } from '../portable/portable.ts';

/** GELU by tanh: y = ½x · (1 + tanh(√(2/π) · (x + 0.044715x³))). */
export const gelu: Kernel = portable('gelu', (x) => (
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
), { compiled: compiled.gelu, paper: 'https://arxiv.org/abs/1606.08415' });

/** dx = dy · f′(x). */
export const geluBackward: Kernel = portableGradient(gelu, (x, dy) => {
  const t = Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
  return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 0.134145 * x * x));
}, { compiled: compiled.geluBackward });

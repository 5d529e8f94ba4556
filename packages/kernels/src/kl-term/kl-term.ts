import * as compiled from '../generated/portable.ts';
import type { Kernel } from '../kernel.ts';
import { portable, portableGradient } from '../portable/portable.ts';

/** One term of KL(P ‖ Q) from log-probabilities: y = exp(logP) · (logP − logQ). Summed over the classes it is the divergence. */
export const klTerm: Kernel = portable('klTerm', (logP, logQ) => (
  Math.exp(logP) * (logP - logQ)
), { inputs: { logP: { dims: ['count'] }, logQ: { dims: ['count'] } }, compiled: compiled.klTerm });

/** dlogP = dy · exp(logP) · (1 + logP − logQ), dlogQ = −dy · exp(logP). */
export const klTermBackward: Kernel = portableGradient(klTerm, [
  (logP, logQ, dy) => dy * Math.exp(logP) * (1 + logP - logQ),
  (logP, logQ, dy) => -dy * Math.exp(logP),
], { compiled: compiled.klTermBackward });

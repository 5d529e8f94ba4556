import { differentiable, exp, mul, neg } from '@llm/tensor';
import type { Objective } from './objective.ts';

/**
 * Dynamic fine-tuning: the loss of a target is weighted by its own probability, without a gradient through that weight, so that
 * rare targets do not pull as hard.
 *
 *   ℓ = −p̄ ln p,  dℓ / d ln p = −p
 *
 * Wu et al. 2025, https://arxiv.org/abs/2508.05629
 */
export function dft(): Objective {
  return {
    isCrossEntropy: false,
    ofLogProbs: (logProbs) => differentiable({
      inputs: { logProbs },
      forward(save) {
        const p = exp(logProbs);
        save([p]);
        return neg(mul(p, logProbs));
      },
      backward: (dy, [p]) => ({ logProbs: () => neg(mul(dy, p!)) }),
    }),
  };
}

import { lionUpdate, type Tensor } from '@llm/tensor';
import { checkBeta, checkNotNegative } from './check-options.ts';
import { checkedRate, type LearningRate, rateAt } from './learning-rate.ts';
import { decaysByDefault, type Optimizer, stateOf, zeroState } from './optimizer.ts';

export interface LionOptions {
  /** A third to a tenth of what AdamW would take. */
  readonly lr: LearningRate;
  readonly beta1?: number;
  readonly beta2?: number;
  /** Three to ten times what AdamW would take; default 0. */
  readonly weightDecay?: number;
  /** Which parameters decay; default: matrices that are not embeddings. */
  readonly decays?: (path: string, param: Tensor) => boolean;
}

/**
 * Lion: steps of one size, in the direction of the sign of an interpolated momentum; half of Adam's state.
 *
 *   p ← p (1 − lr · decay) − lr · sign(β₁ m + (1 − β₁) g);  m ← β₂ m + (1 − β₂) g
 *
 * Chen et al. 2023, https://arxiv.org/abs/2302.06675
 *
 * @example
 * ```ts
 * import { lion } from '@llm/train';
 * if (lion({ lr: 1e-4 }).lr(0) !== 1e-4) throw new Error('wrong rate');
 * ```
 */
export function lion({ lr, beta1 = 0.9, beta2 = 0.99, weightDecay = 0, decays = decaysByDefault }: LionOptions): Optimizer {
  checkedRate('lion', lr);
  checkBeta('lion', 'beta1', beta1);
  checkBeta('lion', 'beta2', beta2);
  checkNotNegative('lion', { weightDecay });
  return {
    name: 'lion',
    lr: (step) => rateAt(lr, step),
    init: (params) => zeroState(params, ['m']),
    rates: (step) => [rateAt(lr, step)],
    update({ params, grads, state, step, scale, rates }) {
      const rate = rates === undefined ? rateAt(lr, step) : 1;
      for (const [path, grad] of Object.entries(grads)) {
        const param = params[path]!;
        lionUpdate({ param, grad, m: stateOf(state, `m/${path}`) }, {
          lr: rate, weightDecay: decays(path, param) ? weightDecay : 0, beta1, beta2, gradScale: scale, rates,
        });
      }
    },
  };
}

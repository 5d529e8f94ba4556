import { adamwUpdate, type Tensor } from '@llm/tensor';
import { checkBeta, checkNotNegative } from './check-options.ts';
import { checkedRate, type LearningRate, rateAt } from './learning-rate.ts';
import { decaysByDefault, type Optimizer, stateOf, zeroState } from './optimizer.ts';

export interface AdamwOptions {
  readonly lr: LearningRate;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  readonly weightDecay?: number;
  /** Which parameters decay; default: matrices that are not embeddings. */
  readonly decays?: (path: string, param: Tensor) => boolean;
  /** Factor on the learning rate by path; default 1. */
  readonly lrScale?: (path: string) => number;
}

/**
 * AdamW with decoupled weight decay and bias-corrected moments; the defaults are PyTorch's but for the decay's filter.
 *
 *   p ← p (1 − lr · decay) − lr · m̂ / (√v̂ + eps)
 *
 * Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101
 *
 * @example
 * ```ts
 * import { adamw } from '@llm/train';
 * const optimizer = adamw({ lr: (step) => 3e-4 * Math.min(1, (step + 1) / 100) });
 * if (optimizer.lr(49) !== 1.5e-4) throw new Error('wrong rate');
 * ```
 */
export function adamw({ lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01, decays = decaysByDefault, lrScale = () => 1 }: AdamwOptions): Optimizer {
  checkedRate('adamw', lr);
  checkBeta('adamw', 'beta1', beta1);
  checkBeta('adamw', 'beta2', beta2);
  checkNotNegative('adamw', { eps, weightDecay });
  return {
    name: 'adamw',
    lr: (step) => rateAt(lr, step),
    init: (params) => zeroState(params, ['m', 'v']),
    rates: (step) => [rateAt(lr, step), 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1)],
    update({ params, grads, state, step, scale, rates }) {
      const rate = rates === undefined ? rateAt(lr, step) : 1;
      const entries = Object.entries(grads).map(([path, grad]) => {
        const param = params[path]!;
        return {
          param, grad, m: stateOf(state, `m/${path}`), v: stateOf(state, `v/${path}`),
          lr: rate * lrScale(path), weightDecay: decays(path, param) ? weightDecay : 0,
        };
      });
      adamwUpdate(entries, { beta1, beta2, eps, step: step + 1, gradScale: scale, rates });
    },
  };
}

import { add, mul, overwrite, scope, sub, type Tensor } from '@llm/tensor';
import { checkBeta, checkNotNegative } from './check-options.ts';
import { checkedRate, type LearningRate, rateAt } from './learning-rate.ts';
import { decaysByDefault, type Optimizer, stateOf, zeroState } from './optimizer.ts';

export interface SgdOptions {
  readonly lr: LearningRate;
  /** μ; default 0, which keeps no state. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Added to the gradient, as PyTorch does; default 0. */
  readonly weightDecay?: number;
  /** Which parameters decay; default: matrices that are not embeddings. */
  readonly decays?: (path: string, param: Tensor) => boolean;
}

/**
 * Stochastic gradient descent, with momentum where one is wanted.
 *
 *   g ← g + decay · p;  b ← μ b + g;  p ← p − lr · (nesterov ? g + μ b : b)
 *
 * Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html
 *
 * @example
 * ```ts
 * import { sgd } from '@llm/train';
 * if (sgd({ lr: 0.1, momentum: 0.9 }).lr(0) !== 0.1) throw new Error('wrong rate');
 * ```
 */
export function sgd({ lr, momentum = 0, nesterov = false, weightDecay = 0, decays = decaysByDefault }: SgdOptions): Optimizer {
  checkedRate('sgd', lr);
  checkBeta('sgd', 'momentum', momentum);
  checkNotNegative('sgd', { weightDecay });
  if (nesterov && momentum === 0) throw new RangeError('sgd: expected a momentum for nesterov but found 0. Give one, such as 0.9.');
  return {
    name: 'sgd',
    lr: (step) => rateAt(lr, step),
    init: (params) => (momentum === 0 ? {} : zeroState(params, ['momentum'])),
    update({ params, grads, state, step, scale }) {
      const rate = rateAt(lr, step);
      for (const [path, grad] of Object.entries(grads)) {
        scope(() => {
          const param = params[path]!;
          const scaled = mul(grad, scale);
          const g: Tensor = weightDecay !== 0 && decays(path, param) ? add(scaled, mul(param, weightDecay)) : scaled;
          let direction = g;
          if (momentum !== 0) {
            const buffer = stateOf(state, `momentum/${path}`);
            const moved = add(mul(buffer, momentum), g);
            overwrite(buffer, moved);
            direction = nesterov ? add(g, mul(moved, momentum)) : moved;
          }
          overwrite(param, sub(param, mul(direction, rate)));
        });
      }
    },
  };
}

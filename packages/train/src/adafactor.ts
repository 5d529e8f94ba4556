import { add, div, keep, maximum, mean, mul, overwrite, reshape, scope, sqrt, square, sub, type Tensor, zeros } from '@llm/tensor';
import { checkBeta, checkNotNegative } from './check-options.ts';
import { checkedRate, type LearningRate, rateAt } from './learning-rate.ts';
import { decaysByDefault, type Optimizer, type OptimizerState, stateOf, zeroState } from './optimizer.ts';

export interface AdafactorOptions {
  /** Relative to the size of each parameter where `scaleParameter`; default min(0.01, 1 / √t), the paper's, with t from 1. */
  readonly lr?: LearningRate;
  /** Multiplies the rate by max(eps2, rms(p)); default only where `lr` is left out. */
  readonly scaleParameter?: boolean;
  /** Added to squared gradients, and the least size of a parameter; defaults 1e-30 and 1e-3. */
  readonly eps1?: number;
  readonly eps2?: number;
  /** The largest root mean square of an update before the rate; default 1. */
  readonly clipThreshold?: number;
  /** β₂ = 1 − t^−decayRate; default 0.8. */
  readonly decayRate?: number;
  /** Momentum of the update; default 0, which keeps none. */
  readonly beta1?: number;
  readonly weightDecay?: number;
  /** Which parameters decay; default: matrices that are not embeddings. */
  readonly decays?: (path: string, param: Tensor) => boolean;
  /** Second moments are kept as row and column means where both sides are at least this long; default 1, as in transformers (optax: 128). */
  readonly factoredFrom?: number;
}

/**
 * Adafactor: second moments of a matrix as one row and one column, so that the state is almost free.
 *
 *   v̂_ij = r_i c_j / mean(r);  u = g / √v̂;  p ← p (1 − α · decay) − α · u / max(1, rms(u) / clipThreshold)
 *   r, c ← moving means of g² + eps1 over columns and rows;  α = lr · max(eps2, rms(p))
 *
 * Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235
 *
 * @example
 * ```ts
 * import { adafactor } from '@llm/train';
 * const optimizer = adafactor();
 * if (optimizer.lr(0) !== 0.01 || optimizer.lr(39_999) !== 0.005) throw new Error('wrong rate');
 * ```
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer {
  const {
    lr = (step: number) => Math.min(0.01, 1 / Math.sqrt(step + 1)), scaleParameter = options.lr === undefined, eps1 = 1e-30, eps2 = 1e-3,
    clipThreshold = 1, decayRate = 0.8, beta1 = 0, weightDecay = 0, decays = decaysByDefault, factoredFrom = 1,
  } = options;
  checkedRate('adafactor', lr);
  checkBeta('adafactor', 'beta1', beta1);
  checkNotNegative('adafactor', { eps1, eps2, decayRate, weightDecay, factoredFrom });
  if (!(clipThreshold > 0)) throw new RangeError(`adafactor: expected clipThreshold above 0 but found ${clipThreshold}. Use Infinity for none.`);
  const isFactored = ({ shape }: Tensor): boolean => shape.length >= 2 && Math.min(...shape.slice(-2)) >= factoredFrom;

  return {
    name: 'adafactor',
    lr: (step) => rateAt(lr, step),
    init: (params) => {
      const state: OptimizerState = beta1 === 0 ? {} : zeroState(params, ['m']);
      for (const [path, param] of Object.entries(params)) {
        if (isFactored(param)) {
          state[`row/${path}`] = keep(zeros(param.shape.slice(0, -1)));
          state[`column/${path}`] = keep(zeros([...param.shape.slice(0, -2), param.shape.at(-1)!]));
        } else Object.assign(state, zeroState({ [path]: param }, ['v']));
      }
      return state;
    },
    update({ params, grads, state, step, scale }) {
      const rate = rateAt(lr, step);
      const beta2 = 1 - (step + 1) ** -decayRate;
      for (const [path, grad] of Object.entries(grads)) {
        scope(() => {
          const param = params[path]!;
          const g = mul(grad, scale);
          const squares = add(square(g), eps1);
          const moved = (name: string, value: Tensor): Tensor => {
            const held = stateOf(state, `${name}/${path}`);
            overwrite(held, add(mul(held, beta2), mul(value, 1 - beta2)));
            return held;
          };
          let update: Tensor;
          if (isFactored(param)) {
            const row = moved('row', mean(squares, -1));
            const column = moved('column', mean(squares, -2));
            const rows = sqrt(div(row, mean(row, -1, true)));
            update = div(div(g, reshape(rows, [...row.shape, 1])), reshape(sqrt(column), [...param.shape.slice(0, -2), 1, param.shape.at(-1)!]));
          } else update = div(g, sqrt(moved('v', squares)));
          update = div(update, maximum(div(rms(update), clipThreshold), 1));
          const alpha = scaleParameter ? mul(maximum(rms(param), eps2), rate) : rate;
          update = mul(update, alpha);
          if (beta1 !== 0) {
            const m = stateOf(state, `m/${path}`);
            overwrite(m, add(mul(m, beta1), mul(update, 1 - beta1)));
            update = m;
          }
          const kept = weightDecay !== 0 && decays(path, param) ? sub(param, mul(mul(param, weightDecay), alpha)) : param;
          overwrite(param, sub(kept, update));
        });
      }
    },
  };
}

function rms(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}

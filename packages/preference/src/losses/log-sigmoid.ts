import { add, differentiable, div, exp, log, minimum, mul, neg, abs, sub, type Tensor } from '@llm/tensor';

const stableSigmoid = (x: Tensor): Tensor => div(exp(minimum(x, 0)), add(1, exp(neg(abs(x)))));

/**
 * ln σ(x) by element, without overflow.
 *
 *   ln σ(x) = min(x, 0) − ln(1 + e^−|x|),  d/dx = σ(−x)
 */
export function logSigmoid(x: Tensor): Tensor {
  return differentiable({
    inputs: { x },
    forward: (save) => {
      save([x]);
      return sub(minimum(x, 0), log(add(1, exp(neg(abs(x))))));
    },
    // Put together from min and abs, the slope at 0, where every preference run begins, would be 1 instead of 1/2.
    backward: (dy, [x]) => ({ x: () => mul(dy, stableSigmoid(neg(x!))) }),
  });
}

/**
 * σ(x) by element, without overflow.
 *
 *   σ(x) = 1 / (1 + e^−x),  d/dx = σ(x) σ(−x)
 */
export function sigmoid(x: Tensor): Tensor {
  return differentiable({
    inputs: { x },
    forward: (save) => {
      save([x]);
      return stableSigmoid(x);
    },
    backward: (dy, [x]) => ({ x: () => mul(dy, mul(stableSigmoid(x!), stableSigmoid(neg(x!)))) }),
  });
}

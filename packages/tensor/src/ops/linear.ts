import type { Activation } from '@llm/kernels';
import { add, reshape, sum, type Tensor } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { needsGradient } from '../autodiff/training.ts';
import { isWeight, type Weight } from '../tree/weight.ts';
import { activate, activationGradient } from './activation.ts';
import { product } from './matmul.ts';

export interface LinearOptions {
  readonly bias?: Tensor | undefined;
  /** Applied to x · Wᵀ + bias. */
  readonly activation?: Activation;
  /** Added at the end. */
  readonly residual?: Tensor | undefined;
  /** The weight is stored [in, out], as GPT-2's Conv1D has it; default [out, in]. */
  readonly transposed?: boolean;
}

/**
 * A linear layer with its epilogue in one pass.
 *
 *   y = activation(x · Wᵀ + bias) + residual
 *
 * x [..., in], weight [out, in] → [..., out]. A `Weight` applies itself and the epilogue follows.
 */
export function linear(x: Tensor, weight: Tensor | Weight, options: LinearOptions = {}): Tensor {
  const { bias, activation = 'none', residual, transposed = false } = options;
  if (isWeight(weight)) {
    if (activation === 'none' && weight.applyWith !== undefined) return weight.applyWith(x, { bias, residual });
    let y = weight.applyWith?.(x, { bias }) ?? weight.apply(x);
    if (bias !== undefined && weight.applyWith === undefined) y = add(y, bias);
    if (activation !== 'none') y = activate(y, activation);
    return residual === undefined ? y : add(y, residual);
  }
  const [rowsOf, colsOf] = weight.shape;
  const inputs = (transposed ? rowsOf : colsOf) ?? 0;
  const outputs = (transposed ? colsOf : rowsOf) ?? 0;
  if (weight.rank !== 2 || x.shape.at(-1) !== inputs) {
    throw new RangeError(
      `linear: expected x [..., in] and weight ${transposed ? '[in, out]' : '[out, in]'} but found [${x.shape.join(', ')}] and [${weight.shape.join(', ')}]`,
    );
  }
  const outer = x.shape.slice(0, -1);
  const rows = outer.reduce((product, size) => product * size, 1);
  const shape = [...outer, outputs];
  // A frozen matrix, as below an adapter, asks for nothing that x was.
  const learns = needsGradient(weight);
  return differentiable({
    inputs: { x, weight, bias, residual },
    forward: (save) => {
      const { c, before } = product(x, weight, {
        m: rows, n: outputs, k: inputs, transposeB: !transposed, bias, residual, activation, shape, before: activation !== 'none',
      });
      save([weight, ...(learns ? [x] : []), ...(before === undefined ? [] : [before])]);
      return c;
    },
    backward: (dy, [weight, ...kept]) => {
      const [x, before] = learns ? kept : [undefined, kept[0]];
      const dz = before === undefined ? dy : activationGradient(dy, before, activation);
      return {
        x: () => product(dz, weight!, { m: rows, n: inputs, k: outputs, transposeB: transposed, shape: [...outer, inputs] }).c,
        weight: () => (transposed
          ? product(x!, dz, { m: inputs, n: outputs, k: rows, transposeA: true, shape: weight!.shape }).c
          : product(dz, x!, { m: outputs, n: inputs, k: rows, transposeA: true, shape: weight!.shape }).c),
        bias: () => sum(reshape(dz, [rows, outputs]), 0),
        residual: () => dy,
      };
    },
  });
}

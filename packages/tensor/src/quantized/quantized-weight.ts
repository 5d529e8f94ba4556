import { reshape, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { embed } from '../ops/embedding.ts';
import { linear } from '../ops/linear.ts';
import type { Weight } from '../tree/weight.ts';
import type { QuantizedFormat } from './format.ts';

/** A frozen matrix in few bits. */
export interface QuantizedWeight extends Weight {
  readonly format: QuantizedFormat;
  /** The shape in which the matrix was stored; with `transposed` that is [in, out]. */
  readonly stored: readonly [number, number];
  readonly transposed: boolean;
  matrix(): Tensor;
  /** A weight of the same kind that holds these values, in the order in which the matrix was stored. */
  requantize(values: Float32Array): QuantizedWeight;
}

/**
 * A frozen matrix in few bits that is dequantized for each product and forgotten again: the gradient goes to its input alone.
 *
 *   y = x · dequantize(codes)ᵀ
 *
 * `values` in rows of `shape` [out, in], or [in, out] where the matrix is stored `transposed`, as GPT-2's are.
 *
 * @throws RangeError for values that are not finite.
 *
 * @example
 * ```ts
 * import { linear, nf4, quantizedWeight, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const weight = quantizedWeight(Float32Array.of(1, -1, 0, 1), { shape: [2, 2], format: nf4() });
 * const [first, second] = linear(tensor([[2, 3]]), weight).dataSync();
 * if (first !== -1 || second !== 3) throw new Error('these values are levels, so nothing is lost');
 * ```
 */
export function quantizedWeight(
  values: Float32Array, { shape, format, transposed = false }: { shape: readonly [number, number]; format: QuantizedFormat; transposed?: boolean },
): QuantizedWeight {
  if (values.length !== shape[0] * shape[1]) throw new RangeError(`quantizedWeight: expected ${shape[0]} · ${shape[1]} values but found ${values.length}.`);
  return over(format.quantize(values), { shape, format, transposed });
}

function over(
  tensors: Readonly<Record<string, Tensor>>, kind: { shape: readonly [number, number]; format: QuantizedFormat; transposed: boolean },
): QuantizedWeight {
  const { shape: stored, format, transposed } = kind;
  const [first, second] = stored;
  const [outputs, inputs] = transposed ? [second, first] : [first, second];
  const names = Object.keys(tensors);
  const matrixOf = (held: readonly Tensor[]): Tensor => (
    reshape(format.dequantize(Object.fromEntries(names.map((name, i) => [name, held[i]!])), first * second), [first, second])
  );
  const all = Object.values(tensors);
  const applyWith: QuantizedWeight['applyWith'] = (x, { bias, residual }) => {
    if (x.shape.at(-1) !== inputs) throw new RangeError(`quantizedWeight: expected x [..., ${inputs}] but found [${x.shape.join(', ')}]`);
    return differentiable({
      inputs: { x, bias, residual },
      forward: (save) => {
        save(all);
        return tidy(() => linear(x, matrixOf(all), { transposed, bias, residual }));
      },
      backward: (dy, saved) => ({
        // Dequantized again rather than kept: that is what saves the memory.
        x: () => tidy(() => linear(dy, matrixOf(saved), { transposed: !transposed })),
        bias: () => sum(reshape(dy, [dy.size / outputs, outputs]), 0),
        residual: () => dy,
      }),
    });
  };
  return {
    shape: [outputs, inputs],
    stored,
    transposed,
    format,
    tensors,
    with: (others) => over(others, kind),
    apply: (x) => applyWith(x, {}),
    applyWith,
    rows: (ids) => tidy(() => embed(ids, matrixOf(all))),
    matrix: () => tidy(() => matrixOf(all)),
    requantize: (values) => quantizedWeight(values, kind),
  };
}

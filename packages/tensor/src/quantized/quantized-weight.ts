import { reshape, sum, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { differentiable } from '../autodiff/differentiable.ts';
import { embed } from '../ops/embedding.ts';
import { linear } from '../ops/linear.ts';
import type { Weight } from '../tree/weight.ts';
import { codeProduct, codeRows, directLayout } from './code-product.ts';
import type { QuantizedFormat } from './format.ts';

/** A frozen matrix in few bits. */
export interface QuantizedWeight extends Weight {
  readonly format: QuantizedFormat;
  /** Whether the model has the matrix as [in, out] in its place; codes are in rows of [out, in] all the same. */
  readonly transposed: boolean;
  /** In the model's order: [out, in], or [in, out] where `transposed`. */
  matrix(): Tensor;
  /** A weight of the same kind that holds these values, in the model's order. */
  requantize(values: Float32Array): QuantizedWeight;
}

/**
 * A frozen matrix in few bits: the gradient goes to its input alone.
 *
 *   y = x · dequantize(codes)ᵀ
 *
 * Where a gradient is recorded the matrix is dequantized for each product and forgotten again. Elsewhere int8 and int4 are multiplied as
 * they are, as far as blocks of 32 (of 16 in int8) fill the rows, with x in signed bytes: by units of 32 values (16), rounded to max |x| / 127,
 * which moves a sum by less than Σ over units of max |x| / 254 · Σ |w|, and by about 0.5 % of its spread
 * (`withExactProducts` keeps to the matrix).
 *
 * `values` in rows of `shape` [out, in], or [in, out] where the model has the matrix `transposed`, as GPT-2's are. Blocks run along
 * rows of [out, in] in either case.
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
  const [first, second] = shape;
  if (values.length !== first * second) throw new RangeError(`quantizedWeight: expected ${first} · ${second} values but found ${values.length}.`);
  const rows = transposed ? turned(values, shape) : values;
  return overTensors(format.quantize(rows), { shape: transposed ? [second, first] : [first, second], format, transposed });
}

/** Values of [first, second] in the order of [second, first]. */
function turned(values: Float32Array, [first, second]: readonly [number, number]): Float32Array {
  const rows = new Float32Array(values.length);
  for (let i = 0; i < first; i++) for (let j = 0; j < second; j++) rows[j * first + i] = values[i * second + j]!;
  return rows;
}

/** The weight [out, in] that these tensors of its format stand for. */
export function overTensors(
  tensors: Readonly<Record<string, Tensor>>, kind: { shape: readonly [number, number]; format: QuantizedFormat; transposed: boolean },
): QuantizedWeight {
  const { shape, format, transposed } = kind;
  const [outputs, inputs] = shape;
  const names = Object.keys(tensors);
  const rowsOf = (held: readonly Tensor[]): Tensor => (
    reshape(format.dequantize(Object.fromEntries(names.map((name, i) => [name, held[i]!])), outputs * inputs), [outputs, inputs])
  );
  const all = Object.values(tensors);
  const applyWith: QuantizedWeight['applyWith'] = (x, { bias, residual }) => {
    if (x.shape.at(-1) !== inputs) throw new RangeError(`quantizedWeight: expected x [..., ${inputs}] but found [${x.shape.join(', ')}]`);
    const layout = directLayout(format.blocks, inputs);
    if (layout !== undefined) return codeProduct(x, tensors, { outputs, inputs, layout, bias, residual });
    return differentiable({
      inputs: { x, bias, residual },
      forward: (save) => {
        save(all);
        return tidy(() => linear(x, rowsOf(all), { bias, residual }));
      },
      backward: (dy, saved) => ({
        // Dequantized again rather than kept: that is what saves the memory.
        x: () => tidy(() => linear(dy, rowsOf(saved), { transposed: true })),
        bias: () => sum(reshape(dy, [dy.size / outputs, outputs]), 0),
        residual: () => dy,
      }),
    });
  };
  return {
    shape,
    transposed,
    format,
    tensors,
    with: (others) => overTensors(others, kind),
    apply: (x) => applyWith(x, {}),
    applyWith,
    rows: (ids) => (format.blocks === undefined ? tidy(() => embed(ids, rowsOf(all))) : codeRows(ids, tensors, { outputs, inputs, layout: format.blocks })),
    matrix: () => tidy(() => (transposed ? transpose(rowsOf(all)) : rowsOf(all))),
    requantize: (values) => quantizedWeight(values, { shape: transposed ? [inputs, outputs] : shape, format, transposed }),
  };
}

import { add, linear, mul, reshape, type Tensor, transpose } from '@llm/tensor';
import { type Acts, type AdapterLayer, adapterWeight, matrixOf, sizesOf } from './adapter-layer.ts';

/** A layer of (IA)³: one vector. */
export interface Ia3Layer extends AdapterLayer {
  readonly kind: 'ia3';
  /** [out, 1], or [1, in] where it scales the input of a feed-forward layer. */
  readonly vector: Tensor;
  readonly feedforward: boolean;
  readonly fanInFanOut: boolean;
}

/** Whether a layer is one of (IA)³. */
export function isIa3Layer(layer: AdapterLayer): layer is Ia3Layer {
  return layer.kind === 'ia3';
}

/**
 * Scales what comes out of a matrix, bias and all, or what goes into one.
 *
 *   y = l ⊙ (W x + b);  in a feed-forward layer y = W (l ⊙ x) + b
 *
 * Liu et al. 2022, https://arxiv.org/abs/2205.05638
 */
export function ia3Layer(vector: Tensor, { fits, feedforward, fanInFanOut }: { fits: readonly [number, number]; feedforward: boolean; fanInFanOut: boolean }): Ia3Layer {
  const flat = (): Tensor => reshape(vector, [vector.size]);
  const layer: Ia3Layer = {
    kind: 'ia3',
    vector,
    feedforward,
    fanInFanOut,
    fits,
    tensors: { ia3_l: vector },
    with: (tensors) => ia3Layer(tensors['ia3_l']!, { fits, feedforward, fanInFanOut }),
    ...(feedforward ? {} : { mergedBias: (bias: Tensor) => mul(bias, flat()) }),
    over(base, mask) {
      const applyWith: Acts['applyWith'] = (x, { bias, residual }) => {
        if (feedforward) return linear(mul(x, flat()), base, { transposed: fanInFanOut, bias, residual });
        const y = mul(linear(x, base, { transposed: fanInFanOut, bias }), flat());
        return residual === undefined ? y : add(y, residual);
      };
      // A row of the vector lies along the inputs, a column along the outputs, and the other way round where W is [in, out].
      const matrix = (): Tensor => mul(matrixOf(base), fanInFanOut ? transpose(vector) : vector);
      return adapterWeight({ layer, base, mask, shape: sizesOf(base, fanInFanOut), acts: { applyWith, matrix } });
    },
  };
  return layer;
}

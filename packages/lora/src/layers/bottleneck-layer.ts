import { activate, type Activation, add, linear, type Tensor } from '@llm/tensor';
import { type Acts, type AdapterLayer, adapterWeight } from './adapter-layer.ts';

/** A bottleneck behind a matrix. */
export interface BottleneckLayer extends AdapterLayer {
  readonly kind: 'bottleneck';
  readonly activation: Activation;
}

/** Whether a layer is a bottleneck. */
export function isBottleneckLayer(layer: AdapterLayer): layer is BottleneckLayer {
  return layer.kind === 'bottleneck';
}

/** The tensors of a bottleneck: down [width, out], its bias [width], up [out, width], its bias [out]. */
export interface BottleneckTensors {
  readonly down: Tensor;
  readonly downBias: Tensor;
  readonly up: Tensor;
  readonly upBias: Tensor;
}

/**
 * Two small layers with a skip behind a matrix, before the residual is added.
 *
 *   z = W x + b;  y = z + W_up · activation(W_down z + b_down) + b_up
 *
 * Houlsby et al. 2019, https://arxiv.org/abs/1902.00751
 */
export function bottleneckLayer(
  { down, downBias, up, upBias }: BottleneckTensors, { inputs, fanInFanOut, activation = 'gelu' }: { inputs: number; fanInFanOut: boolean; activation?: Activation },
): BottleneckLayer {
  const layer: BottleneckLayer = {
    kind: 'bottleneck',
    activation,
    fits: [up.shape[0]!, inputs],
    tensors: { adapter_down: down, adapter_down_bias: downBias, adapter_up: up, adapter_up_bias: upBias },
    with: (tensors) => bottleneckLayer({
      down: tensors['adapter_down']!, downBias: tensors['adapter_down_bias']!, up: tensors['adapter_up']!, upBias: tensors['adapter_up_bias']!,
    }, { inputs, fanInFanOut, activation }),
    over(base, mask) {
      const applyWith: Acts['applyWith'] = (x, { bias, residual }) => {
        const z = linear(x, base, { transposed: fanInFanOut, bias });
        const y = linear(activate(linear(z, down, { bias: downBias }), activation), up, { bias: upBias, residual: z });
        return residual === undefined ? y : add(y, residual);
      };
      // It is not linear, so it stands for no matrix and cannot be merged.
      return adapterWeight({ layer, base, mask, shape: layer.fits, acts: { applyWith } });
    },
  };
  return layer;
}

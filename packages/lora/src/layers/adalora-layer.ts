import { dropout, linear, mul, reshape, type Tensor } from '@llm/tensor';
import { type Acts, type AdapterLayer, adapterWeight, matrixOf } from './adapter-layer.ts';
import { sumOf } from './dora.ts';

export interface AdaloraSettings {
  /** The rank that it began with; pruned ones are zeros in E. */
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly fanInFanOut: boolean;
}

/** A layer of AdaLoRA: a low-rank matrix in the form of a singular value decomposition. */
export interface AdaloraLayer extends AdapterLayer {
  readonly kind: 'adalora';
  readonly settings: AdaloraSettings;
  readonly a: Tensor;
  readonly b: Tensor;
  /** [r, 1]: what stands for the singular values. */
  readonly e: Tensor;
}

/** Whether a layer is one of AdaLoRA. */
export function isAdaloraLayer(layer: AdapterLayer): layer is AdaloraLayer {
  return layer.kind === 'adalora';
}

/**
 * A layer whose rank can be cut by zeroing entries of E.
 *
 *   y = W x + α/(r + 10⁻⁵) · B (E ⊙ A dropout(x))
 *
 * A [r, in], E [r, 1], B [out, r]; r is the rank that it began with. Zhang et al. 2023, https://arxiv.org/abs/2303.10512
 */
export function adaloraLayer({ a, b, e }: { a: Tensor; b: Tensor; e: Tensor }, settings: AdaloraSettings): AdaloraLayer {
  const { rank, alpha, dropout: p, fanInFanOut } = settings;
  const scaling = (alpha > 0 ? alpha : rank) / (rank + 1e-5);
  const layer: AdaloraLayer = {
    kind: 'adalora',
    settings,
    a,
    b,
    e,
    fits: [b.shape[0]!, a.shape[1]!],
    tensors: { lora_A: a, lora_B: b, lora_E: e },
    with: (tensors) => adaloraLayer({ a: tensors['lora_A']!, b: tensors['lora_B']!, e: tensors['lora_E']! }, settings),
    over(base, mask) {
      const applyWith: Acts['applyWith'] = (x, { bias, residual }) => {
        const input = mask === undefined || p === 0 ? x : dropout(x, p, mask);
        const h = mul(linear(input, a), mul(reshape(e, [e.size]), scaling));
        return linear(h, b, { residual: linear(x, base, { transposed: fanInFanOut, bias, residual }) });
      };
      const matrix = (): Tensor => sumOf(matrixOf(base), { a: mul(a, e), b, scaling, fanInFanOut });
      return adapterWeight({ layer, base, mask, shape: layer.fits, acts: { applyWith, matrix } });
    },
  };
  return layer;
}

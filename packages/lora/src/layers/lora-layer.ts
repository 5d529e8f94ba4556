import { add, dropout, embed, linear, mul, reshape, sub, type Tensor, transpose } from '@llm/tensor';
import { type Acts, type AdapterLayer, adapterWeight, matrixOf } from './adapter-layer.ts';
import { doraScale, sumOf } from './dora.ts';

/** What is fixed of a LoRA layer. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Probability that a value of the adapter's input is dropped, where `withDropout` turns it on. */
  readonly dropout: number;
  /** α/√r instead of α/r: Kalajdzievski 2023, https://arxiv.org/abs/2312.03732 */
  readonly rsLora: boolean;
  /** The matrix below is stored [in, out]: GPT-2's Conv1D, and every embedding. */
  readonly fanInFanOut: boolean;
  readonly embedding: boolean;
  /** An embedding that is the head too acts there with the adapter; default false, as PEFT has it. */
  readonly tiedHead: boolean;
}

/** A LoRA layer; with a magnitude it is DoRA. */
export interface LoraLayer extends AdapterLayer {
  readonly kind: 'lora';
  readonly settings: LoraSettings;
  /** α/r, or α/√r. */
  readonly scaling: number;
  /** [r, in]. */
  readonly a: Tensor;
  /** [out, r]. */
  readonly b: Tensor;
  readonly magnitude: Tensor | undefined;
}

/** The tensors of a layer by what they are. */
export interface LoraTensors {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly magnitude?: Tensor | undefined;
}

/** Whether a layer is one of LoRA. */
export function isLoraLayer(layer: AdapterLayer): layer is LoraLayer {
  return layer.kind === 'lora';
}

/** The factor on B · A: α/r, or α/√r for rsLoRA. */
export function scalingOf({ rank, alpha, rsLora }: Pick<LoraSettings, 'rank' | 'alpha' | 'rsLora'>): number {
  return alpha / (rsLora ? Math.sqrt(rank) : rank);
}

/**
 * A layer of low rank over a matrix.
 *
 *   y = W x + scaling · B (A dropout(x)),  scaling = α/r
 *
 * A [r, in], B [out, r]; for an embedding A is [r, vocabulary] and B [width, r]. Hu et al. 2021, https://arxiv.org/abs/2106.09685
 */
export function loraLayer({ a, b, magnitude }: LoraTensors, settings: LoraSettings): LoraLayer {
  const { rank, dropout: p, fanInFanOut, embedding, tiedHead } = settings;
  if (a.shape[0] !== rank || b.shape[1] !== rank) {
    throw new RangeError(`loraLayer: expected A [${rank}, in] and B [out, ${rank}] but found [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`);
  }
  const scaling = scalingOf(settings);
  const parts = { a, b, scaling, fanInFanOut };
  const [inName, outName] = embedding ? ['lora_embedding_A', 'lora_embedding_B'] : ['lora_A', 'lora_B'];
  const scaled = (h: Tensor): Tensor => (scaling === 1 ? h : mul(h, scaling));
  const layer: LoraLayer = {
    kind: 'lora',
    settings,
    scaling,
    a,
    b,
    magnitude,
    fits: [b.shape[0]!, a.shape[1]!],
    tensors: { [inName]: a, [outName]: b, ...(magnitude === undefined ? {} : { lora_magnitude_vector: magnitude }) },
    with: (tensors) => loraLayer({ a: tensors[inName]!, b: tensors[outName]!, magnitude: tensors['lora_magnitude_vector'] }, settings),
    over(base, mask) {
      const drop = (x: Tensor): Tensor => (mask === undefined || p === 0 ? x : dropout(x, p, mask));
      const low = (x: Tensor): Tensor => scaled(linear(drop(x), a));
      const linearly: Acts['applyWith'] = (x, { bias, residual }) => {
        if (magnitude === undefined) return linear(low(x), b, { residual: linear(x, base, { transposed: fanInFanOut, bias, residual }) });
        const g = doraScale(base, parts, magnitude);
        const dropped = drop(x);
        const h = scaled(linear(dropped, a));
        if (dropped === x) {
          const y = mul(linear(h, b, { residual: linear(x, base, { transposed: fanInFanOut }) }), g);
          const biased = bias === undefined ? y : add(y, bias);
          return residual === undefined ? biased : add(biased, residual);
        }
        // As PEFT has it: the undropped product stays, and what DoRA changes of it is reckoned on the dropped input.
        const change = add(mul(linear(dropped, base, { transposed: fanInFanOut }), sub(g, 1)), mul(linear(h, b), g));
        return add(linear(x, base, { transposed: fanInFanOut, bias, residual }), change);
      };
      const matrix = (): Tensor => {
        const w = sumOf(matrixOf(base), parts);
        if (magnitude === undefined) return w;
        const g = doraScale(base, parts, magnitude);
        return mul(w, fanInFanOut ? g : reshape(g, [g.size, 1]));
      };
      const asHead: Acts['applyWith'] = (x, { bias, residual }) => (tiedHead
        ? linear(scaled(linear(drop(x), b, { transposed: true })), a, { transposed: true, residual: linear(x, base, { bias, residual }) })
        : linear(x, base, { bias, residual }));
      const rows = (ids: Tensor): Tensor => {
        const y = linear(scaled(embed(ids, transpose(a))), b, { residual: embed(ids, base) });
        return magnitude === undefined ? y : mul(y, doraScale(base, parts, magnitude));
      };
      const [outputs, inputs] = layer.fits;
      return adapterWeight({
        layer, base, mask, shape: embedding ? [inputs, outputs] : [outputs, inputs], acts: { matrix, ...(embedding ? { applyWith: asHead, rows } : { applyWith: linearly }) },
      });
    },
  };
  return layer;
}

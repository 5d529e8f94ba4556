import type { Model, ModelConfig, TokenBatch } from '@llm/model';
import type { Tree } from '@llm/tensor';
import { calibrate } from '../calibrate/calibrate.ts';
import { linearsOf } from '../tree/linears.ts';
import { scaled, scalingsOf } from '../tree/scalings.ts';
import { hostMatrix } from './quantize.ts';

/** What no factor is smaller than. */
const LEAST = 1e-5;

/**
 * SmoothQuant: the same function with inputs made smoother at the cost of the weights, so that both fit into bytes: each norm is divided,
 * and the layers that read it are multiplied, by
 *
 *   s_j = max|X_j|^α / max|W_j|^(1 − α)
 *
 * `alpha` (default 0.5) is the share of the trouble that moves into the weights. New tensors for what changes; quantize the tree afterwards,
 * `int8()` multiplies with x in signed bytes. Models of Llama, Qwen2, Qwen3 and GPT-2. Xiao et al. 2022, https://arxiv.org/abs/2211.10438
 *
 * @throws RangeError for other architectures and for an alpha outside [0, 1].
 *
 * @example
 * ```ts
 * import { divergence, smoothQuant } from '@llm/quantize';
 * import { createModel } from '@llm/model';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 });
 * const params = model.init(0);
 * const ids = Int32Array.from({ length: 32 }, (_, i) => (i * 5) % 16);
 * const batch = { rows: 1, length: 32, ids, targets: ids, positions: Int32Array.from(ids.keys()), segments: new Int32Array(32), packed: false, restarts: false };
 * const smooth = await smoothQuant(model, params, { batches: [batch] });
 * const { kld } = await divergence({ model, params }, { model, params: smooth }, { batches: [batch] });
 * if (kld.maximum > 1e-5) throw new Error('the same function');
 * ```
 */
export async function smoothQuant(
  model: Pick<Model<ModelConfig>, 'config' | 'hidden' | 'shape'>, params: Tree, { batches, alpha = 0.5 }: { readonly batches: Iterable<TokenBatch>; readonly alpha?: number },
): Promise<Tree> {
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`smoothQuant: expected an alpha from 0 to 1 but found ${alpha}.`);
  const linears = new Map(linearsOf(params).map((linear) => [linear.path, linear]));
  const blocks = new Set([...linears.keys()].flatMap((path) => /^(.*?\.(?:layers|h)\.\d+)\./.exec(path)?.[1] ?? []));
  const scalings = [...blocks].flatMap((path) => scalingsOf('smoothQuant', { modelType: model.config.modelType, params, path })).filter(({ previous }) => !linears.has(`${previous}.weight`));
  const moments = await calibrate(model, params, { batches, moments: ['largest'], include: (path) => scalings.some(({ layers }) => path === `${layers[0]}.weight`) });
  let tree = params;
  for (const scaling of scalings) {
    const inputs = moments.get(`${scaling.layers[0]}.weight`)!.largest!;
    const largest = new Float32Array(inputs.length);
    for (const layer of scaling.layers) {
      const { cols, values } = await hostMatrix(linears.get(`${layer}.weight`)!);
      values.forEach((value, at) => { largest[at % cols] = Math.max(largest[at % cols]!, Math.abs(value)); });
    }
    const scales = inputs.map((x, i) => Math.max(LEAST, Math.max(LEAST, x) ** alpha / Math.max(LEAST, largest[i]!) ** (1 - alpha)));
    tree = scaled(tree, scaling, { scales, transposed: (path) => linears.get(path)?.transposed ?? false });
  }
  return tree;
}

import { hiddenOf, type Model, type ModelConfig, type TokenBatch } from '@llm/model';
import { div, embed, type Leaf, mul, reshape, scope, sqrt, square, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import { calibrate } from '../calibrate/calibrate.ts';

/** How much the parts of a model do for some text. */
export interface StructureImportance {
  /** Of each layer, of each group of heads that share keys and values: the norm of what its heads give, ‖attention(x)‖₂ over all tokens. */
  readonly heads: readonly Float64Array[];
  /** Of each layer, of each place inside its MLP: the norm of what reaches the output projection. */
  readonly neurons: readonly Float64Array[];
  /** Of each layer, 1 − the mean cosine of what goes into it and comes out of it. */
  readonly layers: Float64Array;
}

/** The models whose parts are known here. */
export const STRUCTURED = ['llama', 'qwen2', 'qwen3'] as const;

/**
 * How much heads, places inside the MLPs, and whole layers do for some text.
 *
 * Heads and neurons by the norm of their activations (Muralidharan et al. 2024, https://arxiv.org/abs/2407.14679), layers by how much they
 * turn the states (Men et al. 2024, https://arxiv.org/abs/2403.03853). Models of Llama, Qwen2 and Qwen3.
 *
 * @throws RangeError for other architectures.
 */
export async function structureImportance(model: Model<ModelConfig>, params: Tree, { batches }: { readonly batches: Iterable<TokenBatch> }): Promise<StructureImportance> {
  const { config, shape: { layers, kvHeads, heads, headDim } } = model;
  if (!(STRUCTURED as readonly string[]).includes(config.modelType)) throw new RangeError(`structureImportance: expected a model of ${STRUCTURED.join(', ')} but found ${config.modelType}. Use magnitude, wanda or sparseGpt.`);
  const text = [...batches];
  const moments = await calibrate(model, params, { batches: text, moments: ['squares'], include: (path) => /\.(?:o_proj|down_proj)\.weight$/.test(path) });
  const squares = (layer: number, module: string): Float32Array => moments.get(`model.layers.${layer}.${module}.weight`)!.squares!;
  const width = (heads / kvHeads) * headDim;
  const each = <T>(of: (layer: number) => T): T[] => Array.from({ length: layers }, (_, layer) => of(layer));
  return {
    heads: each((layer) => {
      const found = squares(layer, 'self_attn.o_proj');
      return Float64Array.from({ length: kvHeads }, (_, group) => Math.sqrt(found.subarray(group * width, (group + 1) * width).reduce((total, value) => total + value, 0)));
    }),
    neurons: each((layer) => Float64Array.from(squares(layer, 'mlp.down_proj'), Math.sqrt)),
    layers: await turns(model, params, text),
  };
}

/** 1 − the mean cosine between the states before and after each layer. */
async function turns(model: Model<ModelConfig>, params: Tree, batches: readonly TokenBatch[]): Promise<Float64Array> {
  const { layers } = model.shape;
  const sums = new Float64Array(layers);
  let tokens = 0;
  const embedding = ((params['model'] as Tree)['embed_tokens'] as { weight: Leaf }).weight;
  for (const batch of batches) {
    const cosines = scope(() => {
      const outputs = new Map<string, Tensor>();
      hiddenOf(model, params, batch, { capture: (name, value) => { outputs.set(name, value); } });
      let before = embed(tensor(batch.ids, [batch.rows, batch.length], 'int32'), embedding);
      return Array.from({ length: layers }, (_, layer) => {
        const after = outputs.get(`model.layers.${layer}.mlp`)!;
        const dot = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b), -1);
        const found = sum(div(dot(before, after), sqrt(mul(sum(square(before), -1), sum(square(after), -1)))));
        before = after;
        return reshape(found, []);
      });
    });
    for (const [layer, cosine] of cosines.entries()) {
      sums[layer]! += (await cosine.data())[0]!;
      cosine.dispose();
    }
    tokens += batch.ids.length;
  }
  return sums.map((total) => 1 - total / tokens);
}

import { add, attention, embed, layerNorm, type Leaf, linear, scope, type Seed, splitColumns, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { SpecialIds } from '../config/special-ids.ts';
import { dropped } from '../layers/dropped.ts';
import { initialTree } from '../layers/initial.ts';
import type { Parameter } from '../layers/parameters.ts';
import { positionsNeeded } from '../layers/positions-needed.ts';
import { refuseInputs } from '../layers/refuse-inputs.ts';
import { reshaped } from '../layers/reshaped.ts';
import { type Capture, runLayers } from '../layers/run-layers.ts';
import type { ApplyOptions, Model, ModelInputs } from '../model.ts';
import type { ModelShape } from '../model-shape.ts';

/** The sizes of an original GLM. */
export interface GlmConfig extends SpecialIds {
  readonly modelType: 'glm';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** The longest text; both position tables have one row more. */
  readonly maxPositions: number;
  readonly embeddingDropout: number;
  readonly outputDropout: number;
  readonly initStd: number;
}

/** The ε of all norms. */
const EPS = 1e-5;

interface Affine { readonly weight: Tensor; readonly bias: Tensor }
interface Dense { readonly weight: Leaf; readonly bias: Tensor }
interface Layer {
  readonly input_layernorm: Affine;
  readonly attention: { readonly query_key_value: Dense; readonly dense: Dense };
  readonly post_attention_layernorm: Affine;
  readonly mlp: { readonly dense_h_to_4h: Dense; readonly dense_4h_to_h: Dense };
}
interface Params {
  readonly word_embeddings: { readonly weight: Leaf };
  readonly transformer: {
    readonly position_embeddings: { readonly weight: Leaf }; readonly block_position_embeddings: { readonly weight: Leaf };
    readonly layers: Tree; readonly final_layernorm: Affine;
  };
}
type Shared = Pick<ModelInputs, 'segments' | 'prefixes' | 'cache'>;

/**
 * GLM as first published, for autoregressive blank infilling: a text with gaps (Part A, seen from both sides: the first `prefixes`
 * tokens of a row), then the missing spans (Part B, each token after those before it), told apart by two positions a token:
 * `positions` is the place in the text, for a span that of its gap; `blockPositions` the place within the span from 1 on, 0 in Part A.
 *
 *   x = E[id] + P[position] + B[blockPosition]
 *   x ← x + W_o · attention(W_qkv · layerNorm(x));  x ← x + W_out · gelu(W_in · layerNorm(x));  logits = layerNorm(x) · Eᵀ
 *
 * Parameters have the names of the authors' code and of the `GLMForConditionalGeneration` checkpoints (there behind `glm.`). This is not
 * what transformers calls `glm`, a later rotary architecture without blanks. Du et al. 2021, https://arxiv.org/abs/2103.10360
 */
export function glm(config: GlmConfig): Model<GlmConfig> {
  const { heads, hiddenSize, layers } = config;
  const headDim = hiddenSize / heads;
  const shape: ModelShape = {
    vocabSize: config.vocabSize, width: hiddenSize, layers, heads, kvHeads: heads, headDim, maxPositions: config.maxPositions,
    mlpWidth: 4 * hiddenSize, mlpInputs: 1, tied: true,
  };
  const parameters = parametersOf(config);

  const layer = (x: Tensor, params: Layer, { index, capture, inputs: { segments, prefixes, cache }, seed }: { index: number; capture: Capture | undefined; inputs: Shared; seed: Seed | undefined }): Tensor => {
    const [batch = 0, length = 0] = x.shape;
    const { attention: { query_key_value, dense }, mlp: { dense_h_to_4h, dense_4h_to_h } } = params;
    const norm = (x: Tensor, { weight, bias }: Affine): Tensor => layerNorm(x, weight, { bias, eps: EPS });
    const close = (x: Tensor, { weight, bias }: Dense, { residual, site }: { residual: Tensor; site: number }): Tensor => (
      seed === undefined || config.outputDropout === 0 ? linear(x, weight, { bias, residual })
        : add(residual, dropped(linear(x, weight, { bias }), config.outputDropout, { seed, site }))
    );
    const joined = linear(norm(x, params.input_layernorm), query_key_value.weight, { bias: query_key_value.bias });
    const [q, newK, newV] = splitColumns(joined, 3, { shape: [batch, length, heads, headDim] }) as [Tensor, Tensor, Tensor];
    const { k, v } = cache?.append(index, newK, newV) ?? { k: newK, v: newV };
    const mixed = attention(q, k, v, { segments, prefixes, ...cache?.place(length) });
    const attended = close(reshaped(mixed, [batch, length, hiddenSize]), dense, { residual: x, site: 2 * index + 1 });
    capture?.(`transformer.layers.${index}.attention`, attended);
    const inner = linear(norm(attended, params.post_attention_layernorm), dense_h_to_4h.weight, { bias: dense_h_to_4h.bias, activation: 'geluTanh' });
    const y = close(inner, dense_4h_to_h, { residual: attended, site: 2 * index + 2 });
    capture?.(`transformer.layers.${index}.mlp`, y);
    return y;
  };

  const embedded = ({ word_embeddings, transformer }: Params, { ids, positions, blockPositions, cache }: ModelInputs, { dropoutSeed: seed }: ApplyOptions): Tensor => scope(() => {
    const [batch = 0, length = 0] = ids.shape;
    const row = (value: (i: number) => number): Tensor => tensor(Int32Array.from({ length: batch * length }, (_, i) => value(i % length)), [batch, length], 'int32');
    const at = positions ?? cache?.positions(length) ?? row((i) => i);
    const sum = add(
      add(embed(ids, word_embeddings.weight), embed(at, transformer.position_embeddings.weight)),
      embed(blockPositions ?? row(() => 0), transformer.block_position_embeddings.weight),
    );
    return dropped(sum, config.embeddingDropout, { seed, site: 0 });
  });

  const hidden: Model['hidden'] = (params, inputs, options = {}) => {
    refuseInputs(inputs, { name: 'glm', unused: ['tokenTypes'] });
    const { segments, prefixes, cache } = inputs;
    const length = inputs.ids.shape[1]!;
    const rows = config.maxPositions + 1;
    const needed = positionsNeeded(inputs, { maxPositions: rows });
    if (needed > rows) throw new RangeError(`glm: expected at most ${rows} positions but found ${needed}. Shorten the text.`);
    if (cache !== undefined && prefixes !== undefined && cache.lengths.some((count) => count > 0)) {
      throw new RangeError('glm: expected prefixes with the first tokens of a cache only but found some later. What is in the cache is seen anyway; leave them out.');
    }
    const tree = params as unknown as Params;
    const x = runLayers(embedded(tree, inputs, options), tree.transformer.layers, {
      count: layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs: { segments, prefixes, cache },
      layer: (x, params, at) => layer(x, params as unknown as Layer, { ...at, seed: options.dropoutSeed }),
    });
    cache?.advance(length);
    const { weight, bias } = tree.transformer.final_layernorm;
    return layerNorm(x, weight, { bias, eps: EPS });
  };

  const head = (params: Tree): Leaf => (params as unknown as Params).word_embeddings.weight;
  return {
    config,
    shape,
    parameters,
    init: (seed) => initialTree(parameters, seed),
    hidden,
    head,
    apply: (params, inputs, options) => linear(hidden(params, inputs, options), head(params)),
  };
}

/** Matrices begin as N(0, initStd²), the projections onto the residual stream with a further 1/√(2 · layers). */
function parametersOf({ hiddenSize, vocabSize, maxPositions, layers, initStd }: GlmConfig): Parameter[] {
  const found: Parameter[] = [];
  const dense = (name: string, [to, from]: readonly [number, number], std: number): void => {
    found.push({ name: `${name}.weight`, shape: [to, from], initial: std }, { name: `${name}.bias`, shape: [to], initial: 'zeros' });
  };
  const norm = (name: string): void => {
    found.push({ name: `${name}.weight`, shape: [hiddenSize], initial: 'ones' }, { name: `${name}.bias`, shape: [hiddenSize], initial: 'zeros' });
  };
  const residualStd = initStd / Math.sqrt(2 * layers);
  found.push({ name: 'word_embeddings.weight', shape: [vocabSize, hiddenSize], initial: initStd });
  for (const table of ['position', 'block_position']) found.push({ name: `transformer.${table}_embeddings.weight`, shape: [maxPositions + 1, hiddenSize], initial: initStd });
  for (let i = 0; i < layers; i++) {
    const at = `transformer.layers.${i}`;
    norm(`${at}.input_layernorm`);
    dense(`${at}.attention.query_key_value`, [3 * hiddenSize, hiddenSize], initStd);
    dense(`${at}.attention.dense`, [hiddenSize, hiddenSize], residualStd);
    norm(`${at}.post_attention_layernorm`);
    dense(`${at}.mlp.dense_h_to_4h`, [4 * hiddenSize, hiddenSize], initStd);
    dense(`${at}.mlp.dense_4h_to_h`, [hiddenSize, 4 * hiddenSize], residualStd);
  }
  norm('transformer.final_layernorm');
  return found;
}

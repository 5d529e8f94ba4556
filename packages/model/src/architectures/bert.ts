import { type Activation, add, attention, embed, layerNorm, type Leaf, linear, scalar, scope, type Seed, type Tensor, tensor, type Tree } from '@llm/tensor';
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

/** BERT and RoBERTa with their head for masked language modelling: one architecture, two sets of names. */
export interface BertConfig extends SpecialIds {
  readonly modelType: 'bert' | 'roberta';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Rows of the position table. RoBERTa does not use the first `padId` + 1. */
  readonly maxPositions: number;
  /** How many kinds of text a token may be from; RoBERTa has one. */
  readonly typeVocabSize: number;
  readonly normEps: number;
  readonly activation: Activation;
  readonly hiddenDropout: number;
  readonly initStd: number;
}

interface Affine { readonly weight: Tensor; readonly bias: Tensor }
interface Dense { readonly weight: Leaf; readonly bias: Tensor }
interface Layer {
  readonly attention: {
    readonly self: { readonly query: Dense; readonly key: Dense; readonly value: Dense };
    readonly output: { readonly dense: Dense; readonly LayerNorm: Affine };
  };
  readonly intermediate: { readonly dense: Dense };
  readonly output: { readonly dense: Dense; readonly LayerNorm: Affine };
}
interface Body {
  readonly embeddings: Readonly<Record<'word_embeddings' | 'position_embeddings' | 'token_type_embeddings', { readonly weight: Leaf }>> & { readonly LayerNorm: Affine };
  readonly encoder: { readonly layer: Tree };
}
interface Head { readonly dense: Dense; readonly norm: Affine; readonly bias: Tensor }

/** The first position of a text: RoBERTa counts from `padId` + 1, as fairseq did. */
const firstPosition = ({ modelType, padId = 0 }: BertConfig): number => (modelType === 'roberta' ? padId + 1 : 0);

/**
 * BERT and RoBERTa: learned positions, post-norm blocks of attention to both sides and a GELU MLP, and a head that is tied to the
 * embedding and has a bias.
 *
 *   x ← layerNorm(x + W_o · attention(W_q x, W_k x, W_v x));  x ← layerNorm(x + W_out · gelu(W_in x))
 *   hidden = layerNorm(gelu(W x));  logits = hidden · Eᵀ + b
 *
 * Padding is kept out by `segments`: give it a number of its own. Positions count from 0 for both; those of RoBERTa are moved to its
 * own table rows here. Devlin et al. 2018, https://arxiv.org/abs/1810.04805; Liu et al. 2019, https://arxiv.org/abs/1907.11692
 */
export function bert(config: BertConfig): Model<BertConfig> {
  const { modelType, heads, hiddenSize, layers, normEps: eps, hiddenDropout } = config;
  const headDim = hiddenSize / heads;
  const first = firstPosition(config);
  const shape: ModelShape = {
    vocabSize: config.vocabSize, width: hiddenSize, layers, heads, kvHeads: heads, headDim, maxPositions: config.maxPositions - first,
    mlpWidth: config.intermediateSize, mlpInputs: 1, tied: true, bidirectional: true,
  };
  const parameters = parametersOf(config);
  const bodyOf = (params: Tree): Body => params[modelType] as unknown as Body;

  const layer = (
    x: Tensor, params: Layer,
    { index, capture, inputs: { segments }, seed }: { index: number; capture: Capture | undefined; inputs: Pick<ModelInputs, 'segments'>; seed: Seed | undefined },
  ): Tensor => {
    const [batch = 0, length = 0] = x.shape;
    const project = ({ weight, bias }: Dense): Tensor => reshaped(linear(x, weight, { bias }), [batch, length, heads, headDim]);
    const close = (x: Tensor, { dense, LayerNorm }: Layer['output'], { residual, site }: { residual: Tensor; site: number }): Tensor => {
      const sum = seed === undefined || hiddenDropout === 0 ? linear(x, dense.weight, { bias: dense.bias, residual })
        : add(residual, dropped(linear(x, dense.weight, { bias: dense.bias }), hiddenDropout, { seed, site }));
      return layerNorm(sum, LayerNorm.weight, { bias: LayerNorm.bias, eps });
    };
    const { self, output } = params.attention;
    const mixed = attention(project(self.query), project(self.key), project(self.value), { causal: false, segments });
    const attended = close(reshaped(mixed, [batch, length, hiddenSize]), output, { residual: x, site: 2 * index + 1 });
    capture?.(`${modelType}.encoder.layer.${index}.attention`, attended);
    const { dense } = params.intermediate;
    const inner = linear(attended, dense.weight, { bias: dense.bias, activation: config.activation });
    const y = close(inner, params.output, { residual: attended, site: 2 * index + 2 });
    capture?.(`${modelType}.encoder.layer.${index}.output`, y);
    return y;
  };

  const embedded = (body: Body, { ids, positions, tokenTypes }: ModelInputs, { dropoutSeed: seed }: ApplyOptions): Tensor => scope(() => {
    const [batch = 0, length = 0] = ids.shape;
    const { word_embeddings, position_embeddings, token_type_embeddings, LayerNorm } = body.embeddings;
    const row = (value: (i: number) => number): Tensor => tensor(Int32Array.from({ length: batch * length }, (_, i) => value(i % length)), [batch, length], 'int32');
    const at = positions === undefined ? row((i) => first + i) : first === 0 ? positions : add(positions, scalar(first, 'int32'));
    const types = tokenTypes ?? row(() => 0);
    const sum = add(add(embed(ids, word_embeddings.weight), embed(types, token_type_embeddings.weight)), embed(at, position_embeddings.weight));
    return dropped(layerNorm(sum, LayerNorm.weight, { bias: LayerNorm.bias, eps }), hiddenDropout, { seed, site: 0 });
  });

  const hidden: Model['hidden'] = (params, inputs, options = {}) => {
    refuseInputs(inputs, { name: modelType, unused: ['cache', 'prefixes', 'blockPositions'] });
    const needed = positionsNeeded(inputs, shape);
    if (needed > shape.maxPositions) throw new RangeError(`${modelType}: expected at most ${shape.maxPositions} positions but found ${needed}. Shorten the text.`);
    const body = bodyOf(params);
    const x = runLayers(embedded(body, inputs, options), body.encoder.layer, {
      count: layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs: { segments: inputs.segments },
      layer: (x, params, at) => layer(x, params as unknown as Layer, { ...at, seed: options.dropoutSeed }),
    });
    const { dense, norm } = headOf(config, params);
    // RoBERTa's head has the exact GELU whatever the configuration says.
    const activation = modelType === 'roberta' ? 'gelu' : config.activation;
    return layerNorm(linear(x, dense.weight, { bias: dense.bias, activation }), norm.weight, { bias: norm.bias, eps });
  };

  const head = (params: Tree): Leaf => bodyOf(params).embeddings.word_embeddings.weight;
  const headBias = (params: Tree): Tensor => headOf(config, params).bias;
  return {
    config,
    shape,
    parameters,
    init: (seed) => initialTree(parameters, seed),
    hidden,
    head,
    headBias,
    apply: (params, inputs, options) => linear(hidden(params, inputs, options), head(params), { bias: headBias(params) }),
  };
}

function headOf({ modelType }: BertConfig, params: Tree): Head {
  if (modelType === 'roberta') {
    const { dense, layer_norm, bias } = params['lm_head'] as unknown as { dense: Dense; layer_norm: Affine; bias: Tensor };
    return { dense, norm: layer_norm, bias };
  }
  const { predictions } = params['cls'] as unknown as { predictions: { transform: { dense: Dense; LayerNorm: Affine }; bias: Tensor } };
  return { dense: predictions.transform.dense, norm: predictions.transform.LayerNorm, bias: predictions.bias };
}

/** Matrices begin as N(0, initStd²), norms as 1, biases as 0. */
function parametersOf({ modelType, hiddenSize, intermediateSize, vocabSize, maxPositions, typeVocabSize, layers, initStd }: BertConfig): Parameter[] {
  const found: Parameter[] = [];
  const table = (name: string, rows: number): void => { found.push({ name: `${modelType}.embeddings.${name}.weight`, shape: [rows, hiddenSize], initial: initStd }); };
  const dense = (name: string, [to, from]: readonly [number, number]): void => {
    found.push({ name: `${name}.weight`, shape: [to, from], initial: initStd }, { name: `${name}.bias`, shape: [to], initial: 'zeros' });
  };
  const norm = (name: string): void => {
    found.push({ name: `${name}.weight`, shape: [hiddenSize], initial: 'ones' }, { name: `${name}.bias`, shape: [hiddenSize], initial: 'zeros' });
  };
  table('word_embeddings', vocabSize);
  table('position_embeddings', maxPositions);
  table('token_type_embeddings', typeVocabSize);
  norm(`${modelType}.embeddings.LayerNorm`);
  for (let i = 0; i < layers; i++) {
    const at = `${modelType}.encoder.layer.${i}`;
    for (const part of ['query', 'key', 'value']) dense(`${at}.attention.self.${part}`, [hiddenSize, hiddenSize]);
    dense(`${at}.attention.output.dense`, [hiddenSize, hiddenSize]);
    norm(`${at}.attention.output.LayerNorm`);
    dense(`${at}.intermediate.dense`, [intermediateSize, hiddenSize]);
    dense(`${at}.output.dense`, [hiddenSize, intermediateSize]);
    norm(`${at}.output.LayerNorm`);
  }
  const [transform, transformNorm, bias] = modelType === 'bert'
    ? ['cls.predictions.transform.dense', 'cls.predictions.transform.LayerNorm', 'cls.predictions.bias'] as const
    : ['lm_head.dense', 'lm_head.layer_norm', 'lm_head.bias'] as const;
  dense(transform, [hiddenSize, hiddenSize]);
  norm(transformNorm);
  found.push({ name: bias, shape: [vocabSize], initial: 'zeros' });
  return found;
}

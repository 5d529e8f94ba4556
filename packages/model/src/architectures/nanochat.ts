import { type Activation, cappedHead, embed, type Leaf, linear, neg, ones, rmsNorm, type Rotation, type Tensor, type Tree } from '@llm/tensor';
import type { RopeConfig } from '../config/rope-config.ts';
import type { SpecialIds } from '../config/special-ids.ts';
import { assembled } from '../layers/assembled.ts';
import { type Keeper, keeper } from '../layers/keeper.ts';
import type { Parameter } from '../layers/parameters.ts';
import { positionsNeeded } from '../layers/positions-needed.ts';
import { refuseInputs } from '../layers/refuse-inputs.ts';
import { type Projection, type QueryKeyValue, rotaryAttention } from '../layers/rotary-attention.ts';
import { rotation } from '../layers/rotation.ts';
import { type Capture, runLayers } from '../layers/run-layers.ts';
import type { Model, ModelInputs } from '../model.ts';
import type { ModelShape } from '../model-shape.ts';

/** The sizes of a nanochat model. */
export interface NanochatConfig extends SpecialIds, RopeConfig {
  readonly modelType: 'nanochat';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly maxPositions: number;
  readonly normEps: number;
  readonly tied: boolean;
  readonly attentionBias: boolean;
  readonly activation: Activation;
  readonly initStd: number;
  /** Logits are kept softly below it. */
  readonly logitSoftCap?: number;
}

interface Layer {
  readonly self_attn: QueryKeyValue & { readonly o_proj: Projection };
  readonly mlp: { readonly fc1: { readonly weight: Leaf }; readonly fc2: { readonly weight: Leaf } };
}
interface Params {
  readonly model: { readonly embed_tokens: { readonly weight: Leaf }; readonly layers: Tree };
  readonly lm_head?: { readonly weight: Leaf };
}

/**
 * The architecture of nanochat, as transformers has it: norms without weights, queries and keys normed behind their rotation, which
 * turns the other way, and an MLP of squared ReLU.
 *
 *   x = norm(E[id]);  norm(x) = x / √(mean(x²) + ε)
 *   x ← x + W_o · attention(norm(rope⁻¹(W_q n)), norm(rope⁻¹(W_k n)), W_v n),  n = norm(x)
 *   x ← x + W_2 · relu(W_1 n)²,                                                 n = norm(x)
 *   logits = cap · tanh(W_head norm(x) / cap)
 *
 * Later models of that project have value embeddings and sliding windows too, which the format has no place for.
 * Karpathy 2025, https://github.com/karpathy/nanochat
 */
export function nanochat(config: NanochatConfig): Model<NanochatConfig> {
  const { heads, kvHeads, headDim, normEps: eps, logitSoftCap: cap } = config;
  const shape: ModelShape = {
    vocabSize: config.vocabSize, width: config.hiddenSize, layers: config.layers, heads, kvHeads, headDim, maxPositions: config.maxPositions,
    mlpWidth: config.intermediateSize, mlpInputs: 1, tied: config.tied,
  };
  const parameters = parametersOf(config);
  const tables: Keeper<Rotation> = keeper((positions) => {
    const { cos, sin } = rotation({ headDim, positions, theta: config.ropeTheta, scaling: config.ropeScaling });
    const back = neg(sin);
    sin.dispose();
    return { cos, sin: back };
  }, config.maxPositions);
  const norm = (x: Tensor): Tensor => rmsNorm(x, ones([x.shape.at(-1)!]), { eps });

  const layer = (
    x: Tensor, { self_attn, mlp }: Layer, { index, capture, inputs, rotate }: { index: number; capture: Capture | undefined; inputs: ModelInputs; rotate: Rotation },
  ): Tensor => {
    const heard = rotaryAttention(norm(x), self_attn, { index, inputs, sizes: config, rotate, place: (x, _, turn) => norm(turn(x)) });
    const attended = linear(heard, self_attn.o_proj.weight, { bias: self_attn.o_proj.bias, residual: x });
    capture?.(`model.layers.${index}.self_attn`, attended);
    const y = linear(linear(norm(attended), mlp.fc1.weight, { activation: config.activation }), mlp.fc2.weight, { residual: attended });
    capture?.(`model.layers.${index}.mlp`, y);
    return y;
  };

  const head = (params: Tree): Leaf => {
    const { model, lm_head } = params as unknown as Params;
    const matrix = lm_head?.weight ?? model.embed_tokens.weight;
    return cap === undefined ? matrix : cappedHead(matrix, { cap });
  };

  const hidden: Model['hidden'] = (params, inputs, options = {}) => {
    const { model } = params as unknown as Params;
    refuseInputs(inputs, { name: 'nanochat', unused: ['blockPositions', 'tokenTypes'] });
    const rotate = tables.upTo(positionsNeeded(inputs, shape));
    const x = runLayers(norm(embed(inputs.ids, model.embed_tokens.weight)), model.layers, {
      count: config.layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs,
      layer: (x, params, at) => layer(x, params as unknown as Layer, { ...at, rotate }),
    });
    inputs.cache?.advance(inputs.ids.shape[1]!);
    return norm(x);
  };

  return assembled({ config, shape, parameters, hidden, head });
}

/** Matrices begin as N(0, initStd²), the output projections of attention with a further 1/√(2 · layers), biases as 0. */
function parametersOf(config: NanochatConfig): Parameter[] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, initStd, attentionBias, layers } = config;
  const found: Parameter[] = [];
  const matrix = (name: string, shape: readonly [number, number], { bias = false, std = initStd }: { bias?: boolean; std?: number } = {}): void => {
    found.push({ name: `${name}.weight`, shape, initial: std });
    if (bias) found.push({ name: `${name}.bias`, shape: [shape[0]], initial: 'zeros' });
  };
  matrix('model.embed_tokens', [config.vocabSize, hiddenSize]);
  for (let i = 0; i < layers; i++) {
    const at = `model.layers.${i}`;
    matrix(`${at}.self_attn.q_proj`, [heads * headDim, hiddenSize], { bias: attentionBias });
    matrix(`${at}.self_attn.k_proj`, [kvHeads * headDim, hiddenSize], { bias: attentionBias });
    matrix(`${at}.self_attn.v_proj`, [kvHeads * headDim, hiddenSize], { bias: attentionBias });
    matrix(`${at}.self_attn.o_proj`, [hiddenSize, heads * headDim], { bias: attentionBias, std: initStd / Math.sqrt(2 * layers) });
    matrix(`${at}.mlp.fc1`, [intermediateSize, hiddenSize]);
    matrix(`${at}.mlp.fc2`, [hiddenSize, intermediateSize]);
  }
  if (!config.tied) matrix('lm_head', [config.vocabSize, hiddenSize]);
  return found;
}

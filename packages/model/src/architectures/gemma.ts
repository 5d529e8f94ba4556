import { type Activation, add, cappedHead, embed, gated, type Leaf, linear, mul, rmsNorm, type Rotation, type Tensor, type Tree } from '@llm/tensor';
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

/** Gemma 2, and the text model of Gemma 3. */
export interface GemmaConfig extends SpecialIds, RopeConfig {
  readonly modelType: 'gemma2' | 'gemma3_text';
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
  /** Scores are divided by its root. */
  readonly queryScalar: number;
  /** Which layers see only the newest positions, and how many of these, itself included. */
  readonly slidingLayers: readonly boolean[];
  readonly slidingWindow?: number;
  /** The rotation of sliding layers where it is not that of the others (Gemma 3). */
  readonly localRope?: RopeConfig;
  /** Scores of attention, and logits, are kept softly below these. */
  readonly attentionSoftCap?: number;
  readonly logitSoftCap?: number;
}

interface Norm { readonly weight: Tensor }
interface Matrix { readonly weight: Leaf }
interface Layer {
  readonly input_layernorm: Norm;
  readonly self_attn: QueryKeyValue & { readonly o_proj: Projection; readonly q_norm?: Norm; readonly k_norm?: Norm };
  readonly post_attention_layernorm: Norm;
  readonly pre_feedforward_layernorm: Norm;
  readonly mlp: { readonly gate_proj: Matrix; readonly up_proj: Matrix; readonly down_proj: Matrix };
  readonly post_feedforward_layernorm: Norm;
}
interface Params {
  readonly model: { readonly embed_tokens: Matrix; readonly layers: Tree; readonly norm: Norm };
  readonly lm_head?: Matrix;
}
interface Rotations { readonly full: Rotation; readonly sliding: Rotation }

/**
 * The Gemma architecture: norms before and behind each half of a block, most layers with a sliding window, scaled embeddings.
 *
 *   x = √width · E[id];  norm(x) = (1 + w) · x / √(mean(x²) + ε)
 *   x ← x + norm(W_o · attention(rope(W_q n), rope(W_k n), W_v n)),  n = norm(x)
 *   x ← x + norm(W_down · (gelu(W_gate n) · W_up n)),                n = norm(x)
 *
 * Gemma 2 keeps scores and logits below a soft cap (Gemma Team 2024, https://arxiv.org/abs/2408.00118); Gemma 3 instead norms queries
 * and keys per head, and turns those of sliding layers by frequencies of their own (2025, https://arxiv.org/abs/2503.19786).
 */
export function gemma(config: GemmaConfig): Model<GemmaConfig> {
  const { heads, kvHeads, headDim, normEps: eps, maxPositions, localRope, logitSoftCap: cap } = config;
  const shape: ModelShape = {
    vocabSize: config.vocabSize, width: config.hiddenSize, layers: config.layers, heads, kvHeads, headDim, maxPositions,
    mlpWidth: config.intermediateSize, mlpInputs: 2, tied: config.tied,
  };
  const parameters = parametersOf(config);
  const tablesOf = ({ ropeTheta: theta, ropeScaling: scaling }: RopeConfig): Keeper<Rotation> => keeper((positions) => rotation({ headDim, positions, theta, scaling }), maxPositions);
  const full = tablesOf(config);
  const sliding = localRope === undefined ? full : tablesOf(localRope);
  const norm = (x: Tensor, { weight }: Norm): Tensor => rmsNorm(x, add(weight, 1), { eps });

  const layer = (
    x: Tensor, params: Layer, { index, capture, inputs, rotations }: { index: number; capture: Capture | undefined; inputs: ModelInputs; rotations: Rotations },
  ): Tensor => {
    const slides = config.slidingLayers[index] ?? false;
    const { o_proj, q_norm, k_norm } = params.self_attn;
    const heard = rotaryAttention(norm(x, params.input_layernorm), params.self_attn, {
      index, inputs, sizes: config, rotate: slides ? rotations.sliding : rotations.full, window: slides ? config.slidingWindow : undefined,
      scale: 1 / Math.sqrt(config.queryScalar), softCap: config.attentionSoftCap,
      place: (x, side, turn) => {
        const own = side === 'q' ? q_norm : k_norm;
        return turn(own === undefined ? x : norm(x, own));
      },
    });
    const attended = add(x, norm(linear(heard, o_proj.weight, { bias: o_proj.bias }), params.post_attention_layernorm));
    capture?.(`model.layers.${index}.self_attn`, attended);
    const m = norm(attended, params.pre_feedforward_layernorm);
    const { gate_proj, up_proj, down_proj } = params.mlp;
    const inner = gated(linear(m, gate_proj.weight), linear(m, up_proj.weight), { activation: config.activation });
    const y = add(attended, norm(linear(inner, down_proj.weight), params.post_feedforward_layernorm));
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
    refuseInputs(inputs, { name: config.modelType, unused: ['blockPositions', 'tokenTypes'] });
    const needed = positionsNeeded(inputs, shape);
    const rotations: Rotations = { full: full.upTo(needed), sliding: sliding.upTo(needed) };
    const embedded = mul(embed(inputs.ids, model.embed_tokens.weight), Math.fround(Math.sqrt(config.hiddenSize)));
    const x = runLayers(embedded, model.layers, {
      count: config.layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs,
      layer: (x, params, at) => layer(x, params as unknown as Layer, { ...at, rotations }),
    });
    inputs.cache?.advance(inputs.ids.shape[1]!);
    return norm(x, model.norm);
  };

  return assembled({ config, shape, parameters, hidden, head });
}

/** Matrices begin as N(0, initStd²), norms and biases as 0. */
function parametersOf(config: GemmaConfig): Parameter[] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, initStd, attentionBias } = config;
  const found: Parameter[] = [];
  const matrix = (name: string, shape: readonly [number, number], bias = false): void => {
    found.push({ name: `${name}.weight`, shape, initial: initStd });
    if (bias) found.push({ name: `${name}.bias`, shape: [shape[0]], initial: 'zeros' });
  };
  const norm = (name: string, width: number): void => { found.push({ name: `${name}.weight`, shape: [width], initial: 'zeros' }); };
  matrix('model.embed_tokens', [config.vocabSize, hiddenSize]);
  for (let i = 0; i < config.layers; i++) {
    const at = `model.layers.${i}`;
    norm(`${at}.input_layernorm`, hiddenSize);
    matrix(`${at}.self_attn.q_proj`, [heads * headDim, hiddenSize], attentionBias);
    matrix(`${at}.self_attn.k_proj`, [kvHeads * headDim, hiddenSize], attentionBias);
    matrix(`${at}.self_attn.v_proj`, [kvHeads * headDim, hiddenSize], attentionBias);
    matrix(`${at}.self_attn.o_proj`, [hiddenSize, heads * headDim], attentionBias);
    if (config.modelType === 'gemma3_text') {
      norm(`${at}.self_attn.q_norm`, headDim);
      norm(`${at}.self_attn.k_norm`, headDim);
    }
    norm(`${at}.post_attention_layernorm`, hiddenSize);
    norm(`${at}.pre_feedforward_layernorm`, hiddenSize);
    matrix(`${at}.mlp.gate_proj`, [intermediateSize, hiddenSize]);
    matrix(`${at}.mlp.up_proj`, [intermediateSize, hiddenSize]);
    matrix(`${at}.mlp.down_proj`, [hiddenSize, intermediateSize]);
    norm(`${at}.post_feedforward_layernorm`, hiddenSize);
  }
  norm('model.norm', hiddenSize);
  if (!config.tied) matrix('lm_head', [config.vocabSize, hiddenSize]);
  return found;
}

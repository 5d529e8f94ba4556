import { type Activation, embed, gated, type Leaf, linear, rmsNorm, type Rotation, type Tensor, type Tree } from '@llm/tensor';
import type { SpecialIds } from '../config/special-ids.ts';
import { assembled } from '../layers/assembled.ts';
import type { Parameter } from '../layers/parameters.ts';
import { type Keeper, keeper } from '../layers/keeper.ts';
import { positionsNeeded } from '../layers/positions-needed.ts';
import { refuseInputs } from '../layers/refuse-inputs.ts';
import { type Projection, type QueryKeyValue, rotaryAttention } from '../layers/rotary-attention.ts';
import { type RopeScaling, rotation } from '../layers/rotation.ts';
import { type Capture, runLayers } from '../layers/run-layers.ts';
import type { Model, ModelInputs } from '../model.ts';
import type { ModelShape } from '../model-shape.ts';

/** Llama, Qwen2 and Qwen3: one architecture with a few switches. */
export interface LlamaConfig extends SpecialIds {
  readonly modelType: 'llama' | 'qwen2' | 'qwen3';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly maxPositions: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly normEps: number;
  readonly tied: boolean;
  /** Biases on the query, key and value projections (Qwen2), on the output projection, and in the MLP. */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** RMS-norm on each head's queries and keys (Qwen3). */
  readonly qkNorm: boolean;
  readonly activation: Activation;
  readonly initStd: number;
  /** How many of the newest positions, itself included, a token sees, and in which layers; default everywhere. */
  readonly slidingWindow?: number;
  readonly slidingLayers?: readonly boolean[];
}

interface Norm { readonly weight: Tensor }
interface Layer {
  readonly input_layernorm: Norm;
  readonly self_attn: QueryKeyValue & { readonly o_proj: Projection; readonly q_norm?: Norm; readonly k_norm?: Norm };
  readonly post_attention_layernorm: Norm;
  readonly mlp: { readonly gate_proj: Projection; readonly up_proj: Projection; readonly down_proj: Projection };
}
interface Params {
  readonly model: { readonly embed_tokens: { readonly weight: Leaf }; readonly layers: Tree; readonly norm: Norm };
  readonly lm_head?: { readonly weight: Leaf };
}

/**
 * The Llama architecture: pre-norm blocks of rotary grouped-query attention and a gated MLP.
 *
 *   x ← x + W_o · attention(rope(W_q n), rope(W_k n), W_v n),  n = rmsNorm(x)
 *   x ← x + W_down · (silu(W_gate n) · W_up n),                n = rmsNorm(x)
 *
 * Touvron et al. 2023, https://arxiv.org/abs/2302.13971; Qwen2 adds biases to q, k, v, Qwen3 norms q and k per head.
 */
export function llama(config: LlamaConfig): Model<LlamaConfig> {
  const { heads, kvHeads, headDim, normEps: eps } = config;
  const shape: ModelShape = {
    vocabSize: config.vocabSize, width: config.hiddenSize, layers: config.layers, heads, kvHeads, headDim,
    maxPositions: config.maxPositions, mlpWidth: config.intermediateSize, mlpInputs: 2, tied: config.tied,
  };
  const parameters = parametersOf(config);
  const tables: Keeper<ReturnType<typeof rotation>> = keeper((positions) => rotation({
    headDim, positions, theta: config.ropeTheta, scaling: config.ropeScaling,
  }), config.maxPositions);

  const layer = (
    x: Tensor, params: Layer, { index, capture, inputs, rotate }: { index: number; capture: Capture | undefined; inputs: ModelInputs; rotate: Rotation },
  ): Tensor => {
    const window = config.slidingLayers?.[index] ?? true ? config.slidingWindow : undefined;
    const { o_proj, q_norm, k_norm } = params.self_attn;
    const mixed = rotaryAttention(rmsNorm(x, params.input_layernorm.weight, { eps }), params.self_attn, {
      index, inputs, sizes: config, rotate, window,
      place: (x, side, turn) => {
        const norm = side === 'q' ? q_norm : k_norm;
        return turn(norm === undefined ? x : rmsNorm(x, norm.weight, { eps }));
      },
    });
    const attended = linear(mixed, o_proj.weight, { bias: o_proj.bias, residual: x });
    capture?.(`model.layers.${index}.self_attn`, attended);
    const m = rmsNorm(attended, params.post_attention_layernorm.weight, { eps });
    const { gate_proj, up_proj, down_proj } = params.mlp;
    const inner = gated(
      linear(m, gate_proj.weight, { bias: gate_proj.bias }), linear(m, up_proj.weight, { bias: up_proj.bias }), { activation: config.activation },
    );
    const y = linear(inner, down_proj.weight, { bias: down_proj.bias, residual: attended });
    capture?.(`model.layers.${index}.mlp`, y);
    return y;
  };

  const head = (params: Tree): Leaf => {
    const { model, lm_head } = params as unknown as Params;
    return lm_head?.weight ?? model.embed_tokens.weight;
  };

  const hidden: Model['hidden'] = (params, inputs, options = {}) => {
    const { model } = params as unknown as Params;
    refuseInputs(inputs, { name: config.modelType, unused: ['blockPositions', 'tokenTypes'] });
    const length = inputs.ids.shape[1]!;
    const rotate = tables.upTo(positionsNeeded(inputs, shape));
    const x = runLayers(embed(inputs.ids, model.embed_tokens.weight), model.layers, {
      count: config.layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs,
      layer: (x, params, at) => layer(x, params as unknown as Layer, { ...at, rotate }),
    });
    inputs.cache?.advance(length);
    return rmsNorm(x, model.norm.weight, { eps });
  };

  return assembled({ config, shape, parameters, hidden, head });
}

/** Matrices begin as N(0, initStd²), norms as 1, biases as 0. */
function parametersOf(config: LlamaConfig): Parameter[] {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, initStd } = config;
  const found: Parameter[] = [];
  const matrix = (name: string, shape: readonly [number, number], bias = false): void => {
    found.push({ name: `${name}.weight`, shape, initial: initStd });
    if (bias) found.push({ name: `${name}.bias`, shape: [shape[0]], initial: 'zeros' });
  };
  const norm = (name: string, width: number): void => { found.push({ name: `${name}.weight`, shape: [width], initial: 'ones' }); };
  matrix('model.embed_tokens', [config.vocabSize, hiddenSize]);
  for (let i = 0; i < config.layers; i++) {
    const at = `model.layers.${i}`;
    norm(`${at}.input_layernorm`, hiddenSize);
    matrix(`${at}.self_attn.q_proj`, [heads * headDim, hiddenSize], config.qkvBias);
    matrix(`${at}.self_attn.k_proj`, [kvHeads * headDim, hiddenSize], config.qkvBias);
    matrix(`${at}.self_attn.v_proj`, [kvHeads * headDim, hiddenSize], config.qkvBias);
    matrix(`${at}.self_attn.o_proj`, [hiddenSize, heads * headDim], config.outputBias);
    if (config.qkNorm) {
      norm(`${at}.self_attn.q_norm`, headDim);
      norm(`${at}.self_attn.k_norm`, headDim);
    }
    norm(`${at}.post_attention_layernorm`, hiddenSize);
    matrix(`${at}.mlp.gate_proj`, [intermediateSize, hiddenSize], config.mlpBias);
    matrix(`${at}.mlp.up_proj`, [intermediateSize, hiddenSize], config.mlpBias);
    matrix(`${at}.mlp.down_proj`, [hiddenSize, intermediateSize], config.mlpBias);
  }
  norm('model.norm', hiddenSize);
  if (!config.tied) matrix('lm_head', [config.vocabSize, hiddenSize]);
  return found;
}

import { type Activation, add, embed, gated, type Leaf, linear, mul, rmsNorm, type Rotation, sum, type Tensor, type Tree } from '@llm/tensor';
import type { SpecialIds } from '../config/special-ids.ts';
import { assembled } from '../layers/assembled.ts';
import { type Keeper, keeper } from '../layers/keeper.ts';
import { balanceLoss, countedTokens, type Expert, loadOf, mixture, route } from '../layers/mixture.ts';
import type { Parameter } from '../layers/parameters.ts';
import { positionsNeeded } from '../layers/positions-needed.ts';
import { refuseInputs } from '../layers/refuse-inputs.ts';
import { reshaped } from '../layers/reshaped.ts';
import { type Projection, type QueryKeyValue, rotaryAttention } from '../layers/rotary-attention.ts';
import { type RopeScaling, rotation } from '../layers/rotation.ts';
import { type Capture, type Note, runLayers } from '../layers/run-layers.ts';
import type { Model, ModelInputs } from '../model.ts';
import type { ModelShape } from '../model-shape.ts';

/** Mixtral and Qwen3-MoE: the blocks of Llama and Qwen3 with a mixture of experts for their MLP. */
export interface MoeConfig extends SpecialIds {
  readonly modelType: 'mixtral' | 'qwen3_moe';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Width inside the MLP of a dense layer. */
  readonly intermediateSize: number;
  /** Width inside each expert. */
  readonly expertSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly maxPositions: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly normEps: number;
  readonly tied: boolean;
  readonly attentionBias: boolean;
  /** RMS-norm on each head's queries and keys (Qwen3). */
  readonly qkNorm: boolean;
  readonly activation: Activation;
  readonly initStd: number;
  /** How many of the newest positions, itself included, a token sees; default all. */
  readonly slidingWindow?: number;
  readonly experts: number;
  readonly expertsPerToken: number;
  /** The weights of a token's experts are divided by their sum. */
  readonly normalizeWeights: boolean;
  /** Factor of the load-balancing loss. */
  readonly balanceCoefficient: number;
  /** Layers with one MLP for all tokens. */
  readonly denseLayers: readonly number[];
}

interface Norm { readonly weight: Tensor }
interface Matrix { readonly weight: Leaf }
type Mlp = Readonly<Record<'gate_proj' | 'up_proj' | 'down_proj', Matrix>>;
interface Mixture { readonly gate: Matrix; readonly experts: Readonly<Record<string, Readonly<Record<string, Matrix>>>> }
interface Layer {
  readonly input_layernorm: Norm;
  readonly self_attn: QueryKeyValue & { readonly o_proj: Projection; readonly q_norm?: Norm; readonly k_norm?: Norm };
  readonly post_attention_layernorm: Norm;
  readonly mlp?: Mlp | Mixture;
  readonly block_sparse_moe?: Mixture;
}
interface Params {
  readonly model: { readonly embed_tokens: Matrix; readonly layers: Tree; readonly norm: Norm };
  readonly lm_head?: Matrix;
}

/** What checkpoints call the mixture of a layer, and the matrices of an expert. */
const NAMES = {
  mixtral: { mixture: 'block_sparse_moe', gate: 'w1', up: 'w3', down: 'w2' },
  qwen3_moe: { mixture: 'mlp', gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
} as const;

/**
 * A mixture of experts: the attention of Llama, and for each token the few of many MLPs that a router finds likeliest.
 *
 *   x ← x + W_o · attention(rope(W_q n), rope(W_k n), W_v n),  n = rmsNorm(x)
 *   x ← x + Σ_{e chosen} weight_e · mlp_e(n),                  n = rmsNorm(x), weight = the likeliest of softmax(W_router n)
 *
 * Jiang et al. 2024, https://arxiv.org/abs/2401.04088; Qwen3 norms q and k per head, and some of its layers may be dense.
 */
export function moe(config: MoeConfig): Model<MoeConfig> {
  const { heads, kvHeads, headDim, normEps: eps, activation, experts: count, expertsPerToken: perToken } = config;
  const shape: ModelShape = {
    vocabSize: config.vocabSize, width: config.hiddenSize, layers: config.layers, heads, kvHeads, headDim,
    maxPositions: config.maxPositions, mlpWidth: config.expertSize, mlpInputs: 2, tied: config.tied, experts: { count, perToken },
  };
  const names = NAMES[config.modelType];
  const parameters = parametersOf(config);
  const tables: Keeper<Rotation> = keeper((positions) => rotation({ headDim, positions, theta: config.ropeTheta, scaling: config.ropeScaling }), config.maxPositions);

  /** What a mixture adds to the stream; `note` receives its load. */
  const mixed = (m: Tensor, { gate, experts }: Mixture, { name, capture, note, segments }: { name: string; capture: Capture | undefined; note: Note | undefined; segments: Tensor | undefined }): Tensor => {
    const x = reshaped(m, [m.size / config.hiddenSize, config.hiddenSize]);
    const routing = route(x, gate.weight, { perToken, normalised: config.normalizeWeights });
    capture?.(`${name}.gate`, routing.logits);
    note?.(loadOf(routing, segments && countedTokens(segments)));
    const all = Array.from({ length: count }, (_, i): Expert => {
      const expert = experts[i]!;
      return { gate: expert[names.gate]!.weight, up: expert[names.up]!.weight, down: expert[names.down]!.weight };
    });
    return reshaped(mixture(x, routing, { experts: all, activation }), m.shape);
  };

  const layer = (
    x: Tensor, params: Layer,
    { index, capture, note, inputs, rotate }: { index: number; capture: Capture | undefined; note: Note | undefined; inputs: ModelInputs; rotate: Rotation },
  ): Tensor => {
    const { o_proj, q_norm, k_norm } = params.self_attn;
    const heard = rotaryAttention(rmsNorm(x, params.input_layernorm.weight, { eps }), params.self_attn, {
      index, inputs, sizes: config, rotate, window: config.slidingWindow,
      place: (x, side, turn) => {
        const norm = side === 'q' ? q_norm : k_norm;
        return turn(norm === undefined ? x : rmsNorm(x, norm.weight, { eps }));
      },
    });
    const attended = linear(heard, o_proj.weight, { bias: o_proj.bias, residual: x });
    capture?.(`model.layers.${index}.self_attn`, attended);
    const m = rmsNorm(attended, params.post_attention_layernorm.weight, { eps });
    const name = `model.layers.${index}.mlp`;
    const half = params.block_sparse_moe ?? params.mlp!;
    const y = 'experts' in half ? add(attended, mixed(m, half, { name, capture, note, segments: inputs.segments }))
      : linear(gated(linear(m, half.gate_proj.weight), linear(m, half.up_proj.weight), { activation }), half.down_proj.weight, { residual: attended });
    capture?.(name, y);
    return y;
  };

  const head = (params: Tree): Leaf => {
    const { model, lm_head } = params as unknown as Params;
    return lm_head?.weight ?? model.embed_tokens.weight;
  };

  const hidden: Model['hidden'] = (params, inputs, options = {}) => {
    const { model } = params as unknown as Params;
    refuseInputs(inputs, { name: config.modelType, unused: ['blockPositions', 'tokenTypes'] });
    const { ids, segments } = inputs;
    const rotate = tables.upTo(positionsNeeded(inputs, shape));
    const loads: Tensor[] = [];
    const balanced = options.auxiliary !== undefined && config.balanceCoefficient > 0;
    const x = runLayers(embed(ids, model.embed_tokens.weight), model.layers, {
      count: config.layers, recompute: options.checkpointed ?? false, capture: options.capture, inputs, note: balanced ? (load) => { loads.push(load); } : undefined,
      layer: (x, params, at) => layer(x, params as unknown as Layer, { ...at, rotate }),
    });
    if (loads.length > 0) options.auxiliary?.(mul(balanceLoss(loads, segments === undefined ? ids.size : sum(countedTokens(segments))), config.balanceCoefficient));
    inputs.cache?.advance(ids.shape[1]!);
    return rmsNorm(x, model.norm.weight, { eps });
  };

  return assembled({ config, shape, parameters, hidden, head });
}

/** Matrices begin as N(0, initStd²), norms as 1, biases as 0. */
function parametersOf(config: MoeConfig): Parameter[] {
  const { hiddenSize, heads, kvHeads, headDim, initStd, attentionBias } = config;
  const names = NAMES[config.modelType];
  const found: Parameter[] = [];
  const matrix = (name: string, shape: readonly [number, number], bias = false): void => {
    found.push({ name: `${name}.weight`, shape, initial: initStd });
    if (bias) found.push({ name: `${name}.bias`, shape: [shape[0]], initial: 'zeros' });
  };
  const norm = (name: string, width: number): void => { found.push({ name: `${name}.weight`, shape: [width], initial: 'ones' }); };
  const mlp = (at: string, width: number, { gate, up, down }: { gate: string; up: string; down: string }): void => {
    matrix(`${at}.${gate}`, [width, hiddenSize]);
    matrix(`${at}.${up}`, [width, hiddenSize]);
    matrix(`${at}.${down}`, [hiddenSize, width]);
  };
  matrix('model.embed_tokens', [config.vocabSize, hiddenSize]);
  for (let i = 0; i < config.layers; i++) {
    const at = `model.layers.${i}`;
    norm(`${at}.input_layernorm`, hiddenSize);
    matrix(`${at}.self_attn.q_proj`, [heads * headDim, hiddenSize], attentionBias);
    matrix(`${at}.self_attn.k_proj`, [kvHeads * headDim, hiddenSize], attentionBias);
    matrix(`${at}.self_attn.v_proj`, [kvHeads * headDim, hiddenSize], attentionBias);
    matrix(`${at}.self_attn.o_proj`, [hiddenSize, heads * headDim], attentionBias);
    if (config.qkNorm) {
      norm(`${at}.self_attn.q_norm`, headDim);
      norm(`${at}.self_attn.k_norm`, headDim);
    }
    norm(`${at}.post_attention_layernorm`, hiddenSize);
    if (config.denseLayers.includes(i)) {
      mlp(`${at}.mlp`, config.intermediateSize, NAMES.qwen3_moe);
      continue;
    }
    matrix(`${at}.${names.mixture}.gate`, [config.experts, hiddenSize]);
    for (let e = 0; e < config.experts; e++) mlp(`${at}.${names.mixture}.experts.${e}`, config.expertSize, names);
  }
  norm('model.norm', hiddenSize);
  if (!config.tied) matrix('lm_head', [config.vocabSize, hiddenSize]);
  return found;
}

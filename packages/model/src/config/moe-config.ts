import type { MoeConfig } from '../architectures/moe.ts';
import { readActivation, writeActivation } from './activation-name.ts';
import type { Fields } from './fields.ts';
import { LIMITS } from './limits.ts';
import { readRope, writeRope } from './rope-config.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

/** Reads the keys of Mixtral and Qwen3-MoE. */
export function readMoeConfig(config: Fields, modelType: MoeConfig['modelType']): MoeConfig {
  const qwen = modelType === 'qwen3_moe';
  if (!qwen) config.only('router_jitter_noise', 0, 'Noise on what the router reads is not supported.');
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const hiddenSize = config.integer('hidden_size', { max: LIMITS.width });
  const heads = config.integer('num_attention_heads', { max: LIMITS.heads });
  const kvHeads = config.integer('num_key_value_heads', { max: LIMITS.heads, fallback: qwen ? 4 : 8 });
  if (heads % kvHeads !== 0) config.fail('num_key_value_heads', `a divisor of num_attention_heads ${heads}`);
  if (!config.has('head_dim') && hiddenSize % heads !== 0) config.fail('num_attention_heads', `a divisor of hidden_size ${hiddenSize}`);
  const headDim = config.integer('head_dim', { max: LIMITS.headDim, fallback: hiddenSize / heads });
  if (headDim % 2 !== 0) config.fail('head_dim', `even, since rotation turns pairs (it is ${headDim})`);
  const layers = config.integer('num_hidden_layers', { max: LIMITS.layers });
  const intermediateSize = config.integer('intermediate_size', { max: LIMITS.mlp });
  // transformers 5 writes Qwen's number under Mixtral's key.
  const experts = config.integer(qwen && config.has('num_experts') ? 'num_experts' : 'num_local_experts', { max: LIMITS.experts, fallback: qwen ? 128 : 8 });
  const sliding = qwen ? config.flag('use_sliding_window', false) : config.has('sliding_window');
  return {
    modelType,
    vocabSize,
    hiddenSize,
    intermediateSize,
    expertSize: qwen ? config.integer('moe_intermediate_size', { max: LIMITS.mlp, fallback: 768 }) : intermediateSize,
    layers,
    heads,
    kvHeads,
    headDim,
    maxPositions: config.integer('max_position_embeddings', { max: LIMITS.positions, fallback: qwen ? 32_768 : 131_072 }),
    ...readRope(config, qwen ? {} : { theta: 1_000_000 }),
    normEps: config.number('rms_norm_eps', { above: 0, max: 1, fallback: qwen ? 1e-6 : 1e-5 }),
    tied: config.flag('tie_word_embeddings', false),
    attentionBias: qwen && config.flag('attention_bias', false),
    qkNorm: qwen,
    activation: readActivation(config.text('hidden_act', 'silu'), 'hidden_act'),
    initStd: config.number('initializer_range', { min: 0, max: 1, fallback: 0.02 }),
    ...(sliding ? { slidingWindow: config.integer('sliding_window', { max: LIMITS.positions, fallback: 4096 }) } : {}),
    experts,
    expertsPerToken: config.integer('num_experts_per_tok', { max: experts, fallback: qwen ? 8 : 2 }),
    normalizeWeights: !qwen || config.flag('norm_topk_prob', false),
    balanceCoefficient: config.number('router_aux_loss_coef', { min: 0, max: 1e6, fallback: 0.001 }),
    denseLayers: qwen ? readDenseLayers(config, layers) : [],
    ...readSpecialIds(config, vocabSize),
  };
}

/** Layers with one MLP: those that `mlp_only_layers` names, and all but every `decoder_sparse_step`-th. */
function readDenseLayers(config: Fields, layers: number): number[] {
  const step = config.integer('decoder_sparse_step', { max: LIMITS.layers, fallback: 1 });
  const named = config.raw('mlp_only_layers') ?? [];
  if (!Array.isArray(named) || !named.every((i) => Number.isInteger(i) && i >= 0 && i < layers)) config.fail('mlp_only_layers', `numbers of layers below ${layers}`);
  return Array.from({ length: layers }, (_, i) => i).filter((i) => (named as unknown[]).includes(i) || (i + 1) % step !== 0);
}

/** The keys of config.json, with those that each family reads. */
export function moeKeys(config: MoeConfig): Record<string, unknown> {
  return {
    attention_dropout: 0,
    head_dim: config.headDim,
    hidden_act: writeActivation(config.activation),
    hidden_size: config.hiddenSize,
    initializer_range: config.initStd,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    num_attention_heads: config.heads,
    num_experts_per_tok: config.expertsPerToken,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    output_router_logits: false,
    rms_norm_eps: config.normEps,
    ...writeRope(config),
    router_aux_loss_coef: config.balanceCoefficient,
    sliding_window: config.slidingWindow ?? null,
    tie_word_embeddings: config.tied,
    vocab_size: config.vocabSize,
    num_local_experts: config.experts,
    ...(config.modelType === 'mixtral' ? { router_jitter_noise: 0 } : {
      attention_bias: config.attentionBias,
      decoder_sparse_step: 1,
      mlp_only_layers: config.denseLayers,
      moe_intermediate_size: config.expertSize,
      norm_topk_prob: config.normalizeWeights,
      num_experts: config.experts,
      use_sliding_window: config.slidingWindow !== undefined,
    }),
    ...writeSpecialIds(config),
  };
}

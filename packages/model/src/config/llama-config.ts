import type { LlamaConfig } from '../architectures/llama.ts';
import { readActivation, writeActivation } from './activation-name.ts';
import type { Fields } from './fields.ts';
import { layerTypes, readLayerTypes } from './layer-types.ts';
import { LIMITS } from './limits.ts';
import { readRope, writeRope } from './rope-config.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

type Family = LlamaConfig['modelType'];

/** Reads the keys that Llama, Qwen2 and Qwen3 share, and the switches in which they differ. */
export function readLlamaConfig(config: Fields, modelType: Family): LlamaConfig {
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const hiddenSize = config.integer('hidden_size', { max: LIMITS.width });
  const heads = config.integer('num_attention_heads', { max: LIMITS.heads });
  const kvHeads = config.integer('num_key_value_heads', { max: LIMITS.heads, ...(modelType === 'llama' ? { fallback: heads } : {}) });
  if (heads % kvHeads !== 0) config.fail('num_key_value_heads', `a divisor of num_attention_heads ${heads}`);
  if (!config.has('head_dim') && modelType !== 'qwen3' && hiddenSize % heads !== 0) config.fail('num_attention_heads', `a divisor of hidden_size ${hiddenSize}`);
  const headDim = config.integer('head_dim', { max: LIMITS.headDim, fallback: modelType === 'qwen3' ? 128 : hiddenSize / heads });
  if (headDim % 2 !== 0) config.fail('head_dim', `even, since rotation turns pairs (it is ${headDim})`);
  const layers = config.integer('num_hidden_layers', { max: LIMITS.layers });
  const attentionBias = modelType === 'qwen2' ? false : config.flag('attention_bias', false);
  return {
    modelType,
    vocabSize,
    hiddenSize,
    intermediateSize: config.integer('intermediate_size', { max: LIMITS.mlp }),
    layers,
    heads,
    kvHeads,
    headDim,
    maxPositions: config.integer('max_position_embeddings', { max: LIMITS.positions, fallback: modelType === 'llama' ? 2048 : 32_768 }),
    ...readRope(config),
    normEps: config.number('rms_norm_eps', { above: 0, max: 1, fallback: 1e-6 }),
    tied: config.flag('tie_word_embeddings', false),
    qkvBias: modelType === 'qwen2' || attentionBias,
    outputBias: attentionBias,
    mlpBias: modelType === 'llama' && config.flag('mlp_bias', false),
    qkNorm: modelType === 'qwen3',
    activation: readActivation(config.text('hidden_act', 'silu'), 'hidden_act'),
    initStd: config.number('initializer_range', { min: 0, max: 1, fallback: 0.02 }),
    ...(modelType === 'llama' ? {} : readWindows(config, layers)),
    ...readSpecialIds(config, vocabSize),
  };
}

/** The sliding window of Qwen, and the layers that have it: `layer_types`, or those from `max_window_layers` on. */
function readWindows(config: Fields, layers: number): Pick<LlamaConfig, 'slidingWindow' | 'slidingLayers'> {
  const on = config.flag('use_sliding_window', false);
  const types = readLayerTypes(config, layers);
  if (!on && (types?.includes(true) ?? false)) config.fail('layer_types', 'full_attention everywhere while use_sliding_window is off');
  if (!on || (types === undefined && !config.has('sliding_window'))) return {};
  const slidingWindow = config.integer('sliding_window', { max: LIMITS.positions });
  const from = config.integer('max_window_layers', { min: 0, max: LIMITS.layers, fallback: 28 });
  const slidingLayers = types ?? Array.from({ length: layers }, (_, i) => i >= from);
  return slidingLayers.includes(true) ? { slidingWindow, slidingLayers } : {};
}

/** The keys of config.json, with those that each family reads. */
export function llamaKeys(config: LlamaConfig): Record<string, unknown> {
  const { modelType, layers, slidingWindow, slidingLayers } = config;
  const sliding = (i: number): boolean => slidingWindow !== undefined && (slidingLayers?.[i] ?? true);
  return {
    attention_dropout: 0,
    head_dim: config.headDim,
    hidden_act: writeActivation(config.activation),
    hidden_size: config.hiddenSize,
    initializer_range: config.initStd,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    num_attention_heads: config.heads,
    num_hidden_layers: layers,
    num_key_value_heads: config.kvHeads,
    rms_norm_eps: config.normEps,
    ...writeRope(config),
    vocab_size: config.vocabSize,
    tie_word_embeddings: config.tied,
    ...(modelType === 'qwen2' ? {} : { attention_bias: config.outputBias }),
    ...(modelType === 'llama' ? { mlp_bias: config.mlpBias } : {
      use_sliding_window: slidingWindow !== undefined,
      sliding_window: slidingWindow ?? null,
      max_window_layers: Math.max(0, Array.from({ length: layers }, (_, i) => sliding(i)).indexOf(true)),
      layer_types: layerTypes(Array.from({ length: layers }, (_, i) => sliding(i))),
    }),
    ...writeSpecialIds(config),
  };
}

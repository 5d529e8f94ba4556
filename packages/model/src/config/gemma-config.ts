import type { GemmaConfig } from '../architectures/gemma.ts';
import { ModelError } from '../errors.ts';
import { readActivation, writeActivation } from './activation-name.ts';
import type { Fields } from './fields.ts';
import { layerTypes, readLayerTypes } from './layer-types.ts';
import { LIMITS } from './limits.ts';
import { readRope, readRopeOf, scalingKeys, writeRope } from './rope-config.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

/** Gemma 3 turns far positions by these, near ones by those of other models. */
const GLOBAL_THETA = 1_000_000;

/** Reads the keys of Gemma 2 and of the text model of Gemma 3. */
export function readGemmaConfig(config: Fields, modelType: GemmaConfig['modelType']): GemmaConfig {
  const three = modelType === 'gemma3_text';
  config.only('use_bidirectional_attention', false, 'Gemma that sees what follows is not supported.');
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const heads = config.integer('num_attention_heads', { max: LIMITS.heads, fallback: 8 });
  const kvHeads = config.integer('num_key_value_heads', { max: LIMITS.heads, fallback: 4 });
  if (heads % kvHeads !== 0) config.fail('num_key_value_heads', `a divisor of num_attention_heads ${heads}`);
  const headDim = config.integer('head_dim', { max: LIMITS.headDim, fallback: 256 });
  if (headDim % 2 !== 0) config.fail('head_dim', `even, since rotation turns pairs (it is ${headDim})`);
  const layers = config.integer('num_hidden_layers', { max: LIMITS.layers, fallback: 26 });
  const every = three ? config.integer('sliding_window_pattern', { max: LIMITS.layers, fallback: 6 }) : 2;
  const slidingLayers = readLayerTypes(config, layers) ?? Array.from({ length: layers }, (_, i) => (i + 1) % every !== 0);
  const cap = (key: string, fallback: number | undefined): number | undefined => (
    // A key that says null turns the cap off; one that is left out does not.
    config.has(key) ? config.number(key, { above: 0, max: 1e6 }) : config.raw(key) === null ? undefined : fallback
  );
  const attentionSoftCap = cap('attn_logit_softcapping', three ? undefined : 50);
  const logitSoftCap = cap('final_logit_softcapping', three ? undefined : 30);
  return {
    modelType,
    vocabSize,
    hiddenSize: config.integer('hidden_size', { max: LIMITS.width, fallback: 2304 }),
    intermediateSize: config.integer('intermediate_size', { max: LIMITS.mlp, fallback: 9216 }),
    layers,
    heads,
    kvHeads,
    headDim,
    maxPositions: config.integer('max_position_embeddings', { max: LIMITS.positions, fallback: three ? 131_072 : 8192 }),
    normEps: config.number('rms_norm_eps', { above: 0, max: 1, fallback: 1e-6 }),
    tied: config.flag('tie_word_embeddings', true),
    attentionBias: config.flag('attention_bias', false),
    activation: readActivation(config.text('hidden_activation', 'gelu_pytorch_tanh'), 'hidden_activation'),
    initStd: config.number('initializer_range', { min: 0, max: 1, fallback: 0.02 }),
    queryScalar: config.number('query_pre_attn_scalar', { above: 0, max: 1e6, fallback: 256 }),
    slidingLayers,
    ...(slidingLayers.includes(true) ? { slidingWindow: config.integer('sliding_window', { max: LIMITS.positions, fallback: 4096 }) } : {}),
    ...(three ? readRopes(config) : readRope(config)),
    ...(attentionSoftCap === undefined ? {} : { attentionSoftCap }),
    ...(logitSoftCap === undefined ? {} : { logitSoftCap }),
    ...readSpecialIds(config, vocabSize),
  };
}

/** Gemma 3 has two rotations: `rope_parameters` for each type of layer, or `rope_theta`, `rope_scaling` and `rope_local_base_freq`. */
function readRopes(config: Fields): Pick<GemmaConfig, 'ropeTheta' | 'ropeScaling' | 'localRope'> {
  const each = config.nested('rope_parameters');
  if (each !== undefined && !each.has('full_attention') && !each.has('sliding_attention')) {
    throw new ModelError('E_ROPE', 'readConfig: expected rope_parameters of gemma3_text to have full_attention and sliding_attention but found neither. Give those of each type of layer.');
  }
  const theta = { above: 0, max: 1e12 };
  const local = readRopeOf(each?.nested('sliding_attention'), config.number('rope_local_base_freq', { ...theta, fallback: 10_000 }));
  const full = readRopeOf(config.nested('rope_scaling') ?? each?.nested('full_attention'), each?.nested('full_attention')?.number('rope_theta', { ...theta, fallback: GLOBAL_THETA })
    ?? config.number('rope_theta', { ...theta, fallback: GLOBAL_THETA }));
  return { ...full, localRope: local };
}

/** The keys of config.json, those of Gemma 3's rotations in the style of transformers 5 and in the one before. */
export function gemmaKeys(config: GemmaConfig): Record<string, unknown> {
  const { ropeTheta, ropeScaling, localRope } = config;
  return {
    attention_bias: config.attentionBias,
    attention_dropout: 0,
    attn_logit_softcapping: config.attentionSoftCap ?? null,
    final_logit_softcapping: config.logitSoftCap ?? null,
    head_dim: config.headDim,
    // The name that Gemma's files have for it.
    hidden_activation: config.activation === 'geluTanh' ? 'gelu_pytorch_tanh' : writeActivation(config.activation),
    hidden_size: config.hiddenSize,
    initializer_range: config.initStd,
    intermediate_size: config.intermediateSize,
    layer_types: layerTypes(config.slidingLayers),
    max_position_embeddings: config.maxPositions,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    query_pre_attn_scalar: config.queryScalar,
    rms_norm_eps: config.normEps,
    sliding_window: config.slidingWindow ?? 4096,
    tie_word_embeddings: config.tied,
    vocab_size: config.vocabSize,
    ...(localRope === undefined ? writeRope(config) : {
      rope_parameters: {
        full_attention: { rope_theta: ropeTheta, ...scalingKeys(ropeScaling) },
        sliding_attention: { rope_theta: localRope.ropeTheta, ...scalingKeys(localRope.ropeScaling) },
      },
      rope_scaling: ropeScaling.type === 'default' ? null : scalingKeys(ropeScaling),
      rope_theta: ropeTheta,
      rope_local_base_freq: localRope.ropeTheta,
    }),
    ...writeSpecialIds(config),
  };
}

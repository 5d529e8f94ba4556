import type { T5Config } from '../architectures/t5-parameters.ts';
import { readActivation, writeActivation } from './activation-name.ts';
import type { Fields } from './fields.ts';
import { LIMITS } from './limits.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

/** Reads the keys of T5's config.json. */
export function readT5Config(config: Fields): T5Config {
  config.only('is_encoder_decoder', true, 'Only T5 with both its halves is supported.');
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const ids = readSpecialIds(config, vocabSize);
  const layers = config.integer('num_layers', { max: LIMITS.layers });
  const buckets = config.integer('relative_attention_num_buckets', { min: 4, max: LIMITS.width, fallback: 32 });
  if (buckets % 4 !== 0) config.fail('relative_attention_num_buckets', 'a multiple of 4, since halves of each direction are exact');
  const tied = config.flag('tie_word_embeddings', true);
  return {
    modelType: 't5',
    vocabSize,
    hiddenSize: config.integer('d_model', { max: LIMITS.width }),
    headDim: config.integer('d_kv', { max: LIMITS.headDim, fallback: 64 }),
    intermediateSize: config.integer('d_ff', { max: LIMITS.mlp }),
    layers,
    decoderLayers: config.integer('num_decoder_layers', { max: LIMITS.layers, fallback: layers }),
    heads: config.integer('num_heads', { max: LIMITS.heads }),
    buckets,
    maxDistance: config.integer('relative_attention_max_distance', { min: buckets / 2 + 1, max: LIMITS.positions, fallback: Math.max(128, buckets / 2 + 1) }),
    normEps: config.number('layer_norm_epsilon', { above: 0, max: 1, fallback: 1e-6 }),
    ...readFeedForward(config),
    dropout: config.number('dropout_rate', { min: 0, max: 0.999, fallback: 0.1 }),
    tied,
    // Until transformers 5 tying meant scaling too; since then what was saved says it by itself.
    scaledHead: config.flag('scale_decoder_outputs', tied),
    initFactor: config.number('initializer_factor', { min: 0, max: 100, fallback: 1 }),
    startId: config.integer('decoder_start_token_id', { min: 0, max: vocabSize - 1, fallback: ids.padId ?? 0 }),
    ...ids,
  };
}

/** `relu`, or `gated-gelu`, which always meant the approximation by tanh. */
function readFeedForward(config: Fields): Pick<T5Config, 'activation' | 'gated'> {
  const text = config.text('feed_forward_proj', 'relu');
  const [, gate, name = ''] = /^(gated-)?(.*)$/s.exec(text)!;
  const gated = gate !== undefined;
  return { gated, activation: gated && name === 'gelu' ? 'geluTanh' : readActivation(name, 'feed_forward_proj') };
}

/** The keys of T5's config.json. */
export function t5Keys(config: T5Config): Record<string, unknown> {
  const name = config.gated && config.activation === 'geluTanh' ? 'gelu' : writeActivation(config.activation);
  return {
    d_ff: config.intermediateSize,
    d_kv: config.headDim,
    d_model: config.hiddenSize,
    decoder_start_token_id: config.startId,
    dropout_rate: config.dropout,
    feed_forward_proj: config.gated ? `gated-${name}` : name,
    initializer_factor: config.initFactor,
    is_encoder_decoder: true,
    layer_norm_epsilon: config.normEps,
    num_decoder_layers: config.decoderLayers,
    num_heads: config.heads,
    num_layers: config.layers,
    relative_attention_max_distance: config.maxDistance,
    relative_attention_num_buckets: config.buckets,
    scale_decoder_outputs: config.scaledHead,
    tie_word_embeddings: config.tied,
    vocab_size: config.vocabSize,
    ...writeSpecialIds(config),
  };
}

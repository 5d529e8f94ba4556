import type { Gpt2Config } from '../architectures/gpt2.ts';
import { readActivation, writeActivation } from './activation-name.ts';
import type { Fields } from './fields.ts';
import { LIMITS } from './limits.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

/** Reads the keys of GPT-2's config.json. */
export function readGpt2Config(config: Fields): Gpt2Config {
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const hiddenSize = config.integer('n_embd', { max: LIMITS.width });
  const heads = config.integer('n_head', { max: LIMITS.heads });
  if (hiddenSize % heads !== 0) config.fail('n_head', `a divisor of n_embd ${hiddenSize}`);
  if (hiddenSize / heads > LIMITS.headDim) config.fail('n_head', `at least ${hiddenSize / LIMITS.headDim} for n_embd ${hiddenSize}`);
  config.only('scale_attn_weights', true, 'Attention without its scale is not supported.');
  config.only('scale_attn_by_inverse_layer_idx', false, 'Scaling attention by layer is not supported.');
  config.only('add_cross_attention', false, 'Cross-attention is not supported.');
  return {
    modelType: 'gpt2',
    vocabSize,
    hiddenSize,
    intermediateSize: config.integer('n_inner', { max: LIMITS.mlp, fallback: 4 * hiddenSize }),
    layers: config.integer('n_layer', { max: LIMITS.layers }),
    heads,
    maxPositions: config.integer('n_positions', { max: LIMITS.positions, fallback: 1024 }),
    normEps: config.number('layer_norm_epsilon', { above: 0, max: 1, fallback: 1e-5 }),
    activation: readActivation(config.text('activation_function', 'gelu_new'), 'activation_function'),
    embeddingDropout: config.number('embd_pdrop', { min: 0, max: 0.999, fallback: 0.1 }),
    residualDropout: config.number('resid_pdrop', { min: 0, max: 0.999, fallback: 0.1 }),
    tied: config.flag('tie_word_embeddings', true),
    initStd: config.number('initializer_range', { min: 0, max: 1, fallback: 0.02 }),
    ...readSpecialIds(config, vocabSize),
  };
}

/** The keys of GPT-2's config.json. */
export function gpt2Keys(config: Gpt2Config): Record<string, unknown> {
  return {
    activation_function: writeActivation(config.activation),
    attn_pdrop: 0,
    embd_pdrop: config.embeddingDropout,
    initializer_range: config.initStd,
    layer_norm_epsilon: config.normEps,
    n_embd: config.hiddenSize,
    n_head: config.heads,
    n_inner: config.intermediateSize,
    n_layer: config.layers,
    n_positions: config.maxPositions,
    resid_pdrop: config.residualDropout,
    vocab_size: config.vocabSize,
    tie_word_embeddings: config.tied,
    ...writeSpecialIds(config),
  };
}

import type { GlmConfig } from '../architectures/glm.ts';
import { ModelError } from '../errors.ts';
import type { Fields } from './fields.ts';
import { LIMITS } from './limits.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

/** Reads the keys of an original GLM's config.json; the later architecture of that name has others. */
export function readGlmConfig(config: Fields): GlmConfig {
  if (!config.has('block_position_encoding')) {
    throw new ModelError('E_ARCHITECTURE', 'readConfig: expected model_type glm with block_position_encoding, the original GLM with two positions a token, but found the later rotary glm. Use a checkpoint of llama, qwen2 or qwen3 instead.');
  }
  config.only('block_position_encoding', true, 'GLM without block positions is not supported.');
  config.only('relative_encoding', false, 'Relative positions are not supported.');
  config.only('attention_scale', 1, 'Scaled attention is not supported.');
  config.only('spell_length', undefined, 'Spelled embeddings are not supported.');
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const hiddenSize = config.integer('hidden_size', { max: LIMITS.width });
  const heads = config.integer('num_attention_heads', { max: LIMITS.heads });
  if (hiddenSize % heads !== 0) config.fail('num_attention_heads', `a divisor of hidden_size ${hiddenSize}`);
  if (hiddenSize / heads > LIMITS.headDim) config.fail('num_attention_heads', `at least ${hiddenSize / LIMITS.headDim} for hidden_size ${hiddenSize}`);
  return {
    modelType: 'glm',
    vocabSize,
    hiddenSize,
    layers: config.integer('num_layers', { max: LIMITS.layers }),
    heads,
    maxPositions: config.integer('max_sequence_length', { max: LIMITS.positions, fallback: 512 }),
    embeddingDropout: config.number('embedding_dropout_prob', { min: 0, max: 0.999, fallback: 0.1 }),
    outputDropout: config.number('output_dropout_prob', { min: 0, max: 0.999, fallback: 0.1 }),
    initStd: config.number('initializer_range', { min: 0, max: 1, fallback: 0.02 }),
    ...readSpecialIds(config, vocabSize),
  };
}

/** The keys of an original GLM's config.json. */
export function glmKeys(config: GlmConfig): Record<string, unknown> {
  return {
    attention_dropout_prob: 0,
    attention_scale: 1,
    block_position_encoding: true,
    embedding_dropout_prob: config.embeddingDropout,
    hidden_size: config.hiddenSize,
    initializer_range: config.initStd,
    max_sequence_length: config.maxPositions,
    num_attention_heads: config.heads,
    num_layers: config.layers,
    output_dropout_prob: config.outputDropout,
    output_predict: true,
    relative_encoding: false,
    vocab_size: config.vocabSize,
    ...writeSpecialIds(config),
  };
}

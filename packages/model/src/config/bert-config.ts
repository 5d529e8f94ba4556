import type { BertConfig } from '../architectures/bert.ts';
import { readActivation, writeActivation } from './activation-name.ts';
import type { Fields } from './fields.ts';
import { LIMITS } from './limits.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

/** Reads the keys that BERT and RoBERTa share. */
export function readBertConfig(config: Fields, modelType: BertConfig['modelType']): BertConfig {
  config.only('position_embedding_type', 'absolute', 'Relative positions are not supported.');
  config.only('is_decoder', false, 'Only the bidirectional encoder is supported.');
  config.only('add_cross_attention', false, 'Cross-attention is not supported.');
  config.only('tie_word_embeddings', true, 'The head for masked tokens is tied to the embedding.');
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const hiddenSize = config.integer('hidden_size', { max: LIMITS.width });
  const heads = config.integer('num_attention_heads', { max: LIMITS.heads });
  if (hiddenSize % heads !== 0) config.fail('num_attention_heads', `a divisor of hidden_size ${hiddenSize}`);
  if (hiddenSize / heads > LIMITS.headDim) config.fail('num_attention_heads', `at least ${hiddenSize / LIMITS.headDim} for hidden_size ${hiddenSize}`);
  const ids = readSpecialIds(config, vocabSize);
  // RoBERTa counts positions from behind its padding id, so it must have one.
  const padId = ids.padId ?? (modelType === 'roberta' ? config.integer('pad_token_id', { min: 0, max: vocabSize - 1, fallback: Math.min(1, vocabSize - 1) }) : undefined);
  const unused = modelType === 'roberta' ? padId! + 1 : 0;
  return {
    modelType,
    vocabSize,
    hiddenSize,
    intermediateSize: config.integer('intermediate_size', { max: LIMITS.mlp }),
    layers: config.integer('num_hidden_layers', { max: LIMITS.layers }),
    heads,
    maxPositions: config.integer('max_position_embeddings', { min: unused + 1, max: LIMITS.positions, fallback: 512 + unused }),
    typeVocabSize: config.integer('type_vocab_size', { max: LIMITS.heads, fallback: 2 }),
    normEps: config.number('layer_norm_eps', { above: 0, max: 1, fallback: 1e-12 }),
    activation: readActivation(config.text('hidden_act', 'gelu'), 'hidden_act'),
    hiddenDropout: config.number('hidden_dropout_prob', { min: 0, max: 0.999, fallback: 0.1 }),
    initStd: config.number('initializer_range', { min: 0, max: 1, fallback: 0.02 }),
    ...ids,
    ...(padId === undefined ? {} : { padId }),
  };
}

/** The keys of their config.json. */
export function bertKeys(config: BertConfig): Record<string, unknown> {
  return {
    attention_probs_dropout_prob: 0,
    hidden_act: writeActivation(config.activation),
    hidden_dropout_prob: config.hiddenDropout,
    hidden_size: config.hiddenSize,
    initializer_range: config.initStd,
    intermediate_size: config.intermediateSize,
    layer_norm_eps: config.normEps,
    max_position_embeddings: config.maxPositions,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    position_embedding_type: 'absolute',
    tie_word_embeddings: true,
    type_vocab_size: config.typeVocabSize,
    vocab_size: config.vocabSize,
    ...writeSpecialIds(config),
  };
}

import type { NanochatConfig } from '../architectures/nanochat.ts';
import { readActivation, writeActivation } from './activation-name.ts';
import type { Fields } from './fields.ts';
import { LIMITS } from './limits.ts';
import { readRope, writeRope } from './rope-config.ts';
import { readSpecialIds, writeSpecialIds } from './special-ids.ts';

/** Reads the keys of nanochat. */
export function readNanochatConfig(config: Fields): NanochatConfig {
  const vocabSize = config.integer('vocab_size', { max: LIMITS.vocab });
  const hiddenSize = config.integer('hidden_size', { max: LIMITS.width });
  const heads = config.integer('num_attention_heads', { max: LIMITS.heads });
  const kvHeads = config.integer('num_key_value_heads', { max: LIMITS.heads, fallback: heads });
  if (heads % kvHeads !== 0) config.fail('num_key_value_heads', `a divisor of num_attention_heads ${heads}`);
  if (!config.has('head_dim') && hiddenSize % heads !== 0) config.fail('num_attention_heads', `a divisor of hidden_size ${hiddenSize}`);
  const headDim = config.integer('head_dim', { max: LIMITS.headDim, fallback: hiddenSize / heads });
  if (headDim % 2 !== 0) config.fail('head_dim', `even, since rotation turns pairs (it is ${headDim})`);
  const capped = config.has('final_logit_softcapping') || config.raw('final_logit_softcapping') === undefined;
  return {
    modelType: 'nanochat',
    vocabSize,
    hiddenSize,
    intermediateSize: config.integer('intermediate_size', { max: LIMITS.mlp }),
    layers: config.integer('num_hidden_layers', { max: LIMITS.layers }),
    heads,
    kvHeads,
    headDim,
    maxPositions: config.integer('max_position_embeddings', { max: LIMITS.positions, fallback: 2048 }),
    ...readRope(config),
    normEps: config.number('rms_norm_eps', { above: 0, max: 1, fallback: 1e-6 }),
    tied: config.flag('tie_word_embeddings', false),
    attentionBias: config.flag('attention_bias', false),
    activation: readActivation(config.text('hidden_act', 'relu2'), 'hidden_act'),
    initStd: config.number('initializer_range', { min: 0, max: 1, fallback: 0.02 }),
    // A key that says null turns the cap off; one that is left out does not.
    ...(capped ? { logitSoftCap: config.number('final_logit_softcapping', { above: 0, max: 1e6, fallback: 15 }) } : {}),
    ...readSpecialIds(config, vocabSize),
  };
}

/** The keys of config.json. */
export function nanochatKeys(config: NanochatConfig): Record<string, unknown> {
  return {
    attention_bias: config.attentionBias,
    attention_dropout: 0,
    final_logit_softcapping: config.logitSoftCap ?? null,
    head_dim: config.headDim,
    hidden_act: writeActivation(config.activation),
    hidden_size: config.hiddenSize,
    initializer_range: config.initStd,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    rms_norm_eps: config.normEps,
    ...writeRope(config),
    tie_word_embeddings: config.tied,
    vocab_size: config.vocabSize,
    ...writeSpecialIds(config),
  };
}

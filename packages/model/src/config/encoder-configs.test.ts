import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { T5Config } from '../architectures/t5-parameters.ts';
import { ModelError } from '../errors.ts';
import { readConfig, writeConfig } from './config.ts';
import { createEncoderDecoder, createModel } from './create-model.ts';

const STORED = JSON.parse(readFileSync(new URL('../architectures/fixtures/encoders.json', import.meta.url), 'utf8')) as Record<string, Record<string, unknown>>;
const of = (name: string): Record<string, unknown> => STORED[name]!;
const [BERT, ROBERTA, T5, T5_1, GLM] = [of('bert'), of('roberta'), of('t5'), of('t5-v1_1'), of('glm')] as const;
const NAMES = ['bert', 'roberta', 't5', 't5-v1_1', 'glm'];
const create = (json: object): unknown => ((json as { model_type?: unknown }).model_type === 't5' ? createEncoderDecoder(json as Record<string, unknown>) : createModel(json as Record<string, unknown>));

function refusal(json: object): { code: string; message: string } {
  try {
    create(json);
  } catch (error) {
    if (error instanceof ModelError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('readConfig', () => {
  test('every field from its key', () => {
    expect(readConfig(BERT)).toEqual({
      modelType: 'bert', vocabSize: 40, hiddenSize: 16, intermediateSize: 20, layers: 2, heads: 2, maxPositions: 16, typeVocabSize: 2, normEps: 1e-12,
      activation: 'gelu', hiddenDropout: 0.1, initStd: 0.02, padId: 0,
    });
    expect(readConfig(ROBERTA)).toMatchObject({ modelType: 'roberta', maxPositions: 18, typeVocabSize: 1, bosId: 0, padId: 1, eosIds: [2] });
    expect(readConfig(T5)).toEqual({
      modelType: 't5', vocabSize: 40, hiddenSize: 16, headDim: 6, intermediateSize: 20, layers: 2, decoderLayers: 3, heads: 3, buckets: 8, maxDistance: 10,
      normEps: 1e-6, activation: 'relu', gated: false, dropout: 0.1, tied: true, scaledHead: true, initFactor: 1, startId: 0, eosIds: [1], padId: 0,
    });
    expect(readConfig(T5_1)).toMatchObject({ activation: 'geluTanh', gated: true, tied: false, scaledHead: false });
    expect(readConfig(GLM)).toEqual({
      modelType: 'glm', vocabSize: 40, hiddenSize: 16, layers: 2, heads: 2, maxPositions: 20, embeddingDropout: 0.1, outputDropout: 0.1, initStd: 0.02,
    });
  });

  test('what files leave out is what transformers takes it to be', () => {
    const bare = { model_type: 't5', vocab_size: 100, d_model: 8, d_ff: 8, num_layers: 4, num_heads: 1 };
    expect(readConfig(bare)).toMatchObject({ headDim: 64, decoderLayers: 4, buckets: 32, maxDistance: 128, activation: 'relu', gated: false, tied: true, scaledHead: true, startId: 0 });
    // Before transformers 5 the scale was a matter of tying.
    expect(readConfig({ ...bare, tie_word_embeddings: false })).toMatchObject({ scaledHead: false });
    expect(readConfig({ ...T5_1, tie_word_embeddings: true })).toMatchObject({ tied: true, scaledHead: false });
    expect(readConfig({ ...bare, feed_forward_proj: 'gated-silu' })).toMatchObject({ activation: 'silu', gated: true });
    expect(readConfig({ ...bare, feed_forward_proj: 'gelu' })).toMatchObject({ activation: 'gelu', gated: false });
    expect(readConfig({ ...ROBERTA, pad_token_id: undefined })).toMatchObject({ padId: 1 });
  });

  test('RoBERTa has as many positions as its table has rows behind the padding id', () => {
    expect(createModel(ROBERTA).shape.maxPositions).toBe(16);
    expect(createModel(BERT).shape.maxPositions).toBe(16);
  });

  test.each([
    ['bert with relative positions', { ...BERT, position_embedding_type: 'relative_key' }, 'E_CONFIG', 'position_embedding_type'],
    ['bert as a decoder', { ...BERT, is_decoder: true }, 'E_CONFIG', 'is_decoder'],
    ['bert with a head of its own', { ...BERT, tie_word_embeddings: false }, 'E_CONFIG', 'tie_word_embeddings'],
    ['bert with heads that do not divide', { ...BERT, num_attention_heads: 3 }, 'E_CONFIG', 'divisor of hidden_size 16'],
    ['bert without kinds of text', { ...BERT, type_vocab_size: 0 }, 'E_CONFIG', 'type_vocab_size'],
    ['bert with an unknown activation', { ...BERT, hidden_act: 'mish' }, 'E_ACTIVATION', 'mish'],
    ['roberta without room behind its padding', { ...ROBERTA, max_position_embeddings: 2 }, 'E_CONFIG', 'max_position_embeddings'],
    ['roberta with padding outside the vocabulary', { ...ROBERTA, pad_token_id: 40 }, 'E_CONFIG', 'pad_token_id'],
    ['half a t5', { ...T5, is_encoder_decoder: false }, 'E_CONFIG', 'is_encoder_decoder'],
    ['t5 with three buckets', { ...T5, relative_attention_num_buckets: 6 }, 'E_CONFIG', 'multiple of 4'],
    ['t5 with a distance that is no distance', { ...T5, relative_attention_max_distance: 4 }, 'E_CONFIG', 'relative_attention_max_distance'],
    ['t5 with an unknown feed-forward', { ...T5, feed_forward_proj: 'gated-mish' }, 'E_ACTIVATION', 'mish'],
    ['t5 that begins outside the vocabulary', { ...T5, decoder_start_token_id: 40 }, 'E_CONFIG', 'decoder_start_token_id'],
    ['t5 without width', { ...T5, d_model: 0 }, 'E_CONFIG', 'd_model'],
    ['the later glm', { model_type: 'glm', vocab_size: 8, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 1 }, 'E_ARCHITECTURE', 'rotary'],
    ['glm with relative positions', { ...GLM, relative_encoding: true }, 'E_CONFIG', 'relative_encoding'],
    ['glm with scaled attention', { ...GLM, attention_scale: 2 }, 'E_CONFIG', 'attention_scale'],
    ['glm with one position', { ...GLM, block_position_encoding: false }, 'E_CONFIG', 'block_position_encoding'],
    ['glm without layers', { ...GLM, num_layers: 0 }, 'E_CONFIG', 'num_layers'],
  ])('refuses %s', (_, json, code, words) => {
    const found = refusal(json);
    expect(found.code).toBe(code);
    expect(found.message).toContain(words);
    expect(found.message).toMatch(/expected .* but found /);
  });

  test('each kind of model is refused where the other is made, with where to go', () => {
    expect(() => createModel(T5)).toThrow('Use createEncoderDecoder');
    expect(() => createEncoderDecoder(BERT)).toThrow('expected t5 but found bert');
  });

  test('whatever the values, a model or a ModelError', () => {
    const keys = Object.keys({ ...BERT, ...T5, ...GLM });
    fc.assert(fc.property(
      fc.constantFrom(BERT, ROBERTA, T5, T5_1, GLM), fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.jsonValue(), fc.double(), fc.integer({ min: -2, max: 5 })), { maxKeys: 3 }),
      (base, changes) => {
        try {
          create({ ...base, ...changes });
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError);
        }
      },
    ));
  });
});

describe('writeConfig', () => {
  test.each(NAMES)('%s: reads back, and says the same where the original has the key', (name) => {
    const json = of(name);
    const config = readConfig(json);
    const written = writeConfig(config, { dtype: 'BF16' });
    expect(readConfig(written)).toEqual(config);
    // Dropout of attention probabilities is not done, and what is not done is not said.
    const skipped = new Set(['architectures', 'dtype', 'attention_probs_dropout_prob', 'attention_dropout_prob']);
    expect(written).toMatchObject(Object.fromEntries(Object.entries(json).filter(([key, value]) => key in written && value !== null && !skipped.has(key))));
    expect(written).toMatchObject({ dtype: 'bfloat16', torch_dtype: 'bfloat16' });
  });

  test('names the classes that load it', () => {
    expect(NAMES.map((name) => (writeConfig(readConfig(of(name)))['architectures'] as string[])[0])).toEqual([
      'BertForMaskedLM', 'RobertaForMaskedLM', 'T5ForConditionalGeneration', 'T5ForConditionalGeneration', 'GLMForConditionalGeneration',
    ]);
  });

  test('refuses what config.json cannot say', () => {
    expect(() => writeConfig({ ...readConfig(T5_1) as T5Config, activation: 'gelu' })).toThrow(/expected activation to be "geluTanh".*but found "gelu"/);
  });
});

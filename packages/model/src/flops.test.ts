import { describe, expect, test } from 'vitest';
import { createEncoderDecoder, createModel } from './config/create-model.ts';
import { flopsPerPair, flopsPerToken, parameterCount } from './flops.ts';
import { parameterBytes } from './parameter-bytes.ts';
import { GPT2_SMALL, llamaOfDepth, nanochatOfDepth, SMOLLM2_135M } from './presets.ts';

describe('parameterCount', () => {
  test('a small llama, by hand', () => {
    const model = createModel({ ...llamaOfDepth(3, { vocabSize: 100 }), tied: false });
    // Width 192 in 3 heads of 64 with 1 key head; the MLP is 8/3 · 192 = 512.
    const layer = 2 * 192 * 192 + 2 * 192 * 64 + 3 * 192 * 512 + 2 * 192;
    expect(parameterCount(model)).toEqual({ total: 3 * layer + 192 + 2 * 100 * 192, embeddings: 100 * 192, nonEmbedding: 3 * layer + 192, active: 3 * layer + 192, head: 100 * 192 });
  });

  test('published totals: GPT-2 small 124,439,808, SmolLM2-135M 134,515,008', () => {
    expect(parameterCount(createModel(GPT2_SMALL)).total).toBe(124_439_808);
    expect(parameterCount(createModel(SMOLLM2_135M)).total).toBe(134_515_008);
    expect(parameterBytes(createModel(GPT2_SMALL))).toBe(4 * 124_439_808);
  });

  test('published totals: Gemma 2 of 2B 2,614,341,888, Gemma 3 of 1B 999,885,952, nanochat d32 1,879,048,192', () => {
    expect(parameterCount(createModel({ model_type: 'gemma2', vocab_size: 256_000 })).total).toBe(2_614_341_888);
    expect(parameterCount(createModel({
      model_type: 'gemma3_text', vocab_size: 262_144, hidden_size: 1152, intermediate_size: 6912, num_attention_heads: 4, num_key_value_heads: 1, sliding_window: 512,
    })).total).toBe(999_885_952);
    expect(parameterCount(createModel(nanochatOfDepth(32, { vocabSize: 65_536 }))).total).toBe(1_879_048_192);
  });

  test('published totals: Mixtral 8x7B 46,702,792,704 with 12.9 billion active, Qwen3-30B-A3B 30,532,122,624 with 3.3', () => {
    const mixtral = parameterCount(createModel({ model_type: 'mixtral', vocab_size: 32_000, hidden_size: 4096, intermediate_size: 14_336, num_hidden_layers: 32, num_attention_heads: 32 }));
    const qwen = parameterCount(createModel({
      model_type: 'qwen3_moe', vocab_size: 151_936, hidden_size: 2048, intermediate_size: 6144, num_hidden_layers: 48, num_attention_heads: 32, head_dim: 128,
    }));
    const billions = ({ active, embeddings, head }: typeof qwen): number => Math.round((active + embeddings + head) / 1e8) / 10;
    expect([mixtral.total, billions(mixtral)]).toEqual([46_702_792_704, 12.9]);
    expect([qwen.total, billions(qwen)]).toEqual([30_532_122_624, 3.4]);
    // Of 128 experts 8: 3 · 2048 · 768 numbers each, in 48 layers.
    expect(qwen.nonEmbedding - qwen.active).toBe(48 * 120 * 3 * 2048 * 768);
  });
});

describe('flopsPerToken', () => {
  test('GPT-2 small at 1,024 tokens: 6 · (85,056,000 + 50,257 · 768) + 12 · 12 · 768 · 1,024', () => {
    expect(flopsPerToken(createModel(GPT2_SMALL), { length: 1024 })).toEqual({ forward: 855_166_464 / 3, training: 855_166_464 });
  });

  test('a tied head multiplies as an untied one does', () => {
    const config = llamaOfDepth(2, { vocabSize: 300 });
    expect(flopsPerToken(createModel(config), { length: 8 })).toEqual(flopsPerToken(createModel({ ...config, tied: false }), { length: 8 }));
  });

  test('of a mixture of experts a token goes through few', () => {
    const config = { model_type: 'mixtral', vocab_size: 10, hidden_size: 8, intermediate_size: 6, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, num_local_experts: 4 };
    // Per layer: attention 2 · 64 + 2 · 32, norms 16, router 32, two of the experts with 3 · 48; the final norm 8; the head 80.
    const forward = 2 * (2 * (192 + 16 + 32 + 2 * 144) + 8 + 80) + 4 * 2 * 8 * 5;
    expect(flopsPerToken(createModel(config), { length: 5 })).toEqual({ forward, training: 3 * forward });
  });

  test('refuses a length that is none', () => {
    for (const length of [0, -1, NaN]) expect(() => flopsPerToken(createModel(GPT2_SMALL), { length })).toThrow(RangeError);
  });
});

describe('llamaOfDepth', () => {
  test('every depth is a model that config.json can say', () => {
    for (let depth = 1; depth <= 128; depth++) {
      const { shape } = createModel(llamaOfDepth(depth, { vocabSize: 512 }));
      expect([shape.width, shape.heads, shape.layers, shape.mlpWidth % 64]).toEqual([64 * depth, depth, depth, 0]);
    }
  });

  test('5 million parameters at depth 4 and 30 at depth 8, with 8,192 tokens', () => {
    const millions = (depth: number): number => Math.round(parameterCount(createModel(llamaOfDepth(depth, { vocabSize: 8192 }))).total / 1e6);
    expect([millions(4), millions(8)]).toEqual([5, 30]);
  });

  test('refuses what is no depth', () => {
    for (const depth of [0, 1.5, 129, NaN]) {
      expect(() => llamaOfDepth(depth, { vocabSize: 512 })).toThrow(RangeError);
      expect(() => nanochatOfDepth(depth, { vocabSize: 512 })).toThrow(RangeError);
    }
  });

  test('a nanochat of every depth: whole heads of 128', () => {
    for (let depth = 1; depth <= 128; depth++) {
      const { shape } = createModel(nanochatOfDepth(depth, { vocabSize: 512 }));
      expect([shape.width, shape.headDim, shape.layers, shape.mlpWidth]).toEqual([shape.heads * 128, 128, depth, 4 * shape.width]);
      expect(shape.width - 64 * depth).toBe(depth % 2 === 0 ? 0 : 64);
    }
  });
});

describe('encoders and encoder-decoders', () => {
  test('published totals: BERT base with its head 109,514,298, RoBERTa base 124,697,433, T5 small 60,506,624', () => {
    const base = { hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 };
    expect(parameterCount(createModel({ model_type: 'bert', vocab_size: 30_522, ...base })).total).toBe(109_514_298);
    expect(parameterCount(createModel({ model_type: 'roberta', vocab_size: 50_265, max_position_embeddings: 514, type_vocab_size: 1, pad_token_id: 1, ...base })).total).toBe(124_697_433);
    const t5 = createEncoderDecoder({ model_type: 't5', vocab_size: 32_128, d_model: 512, d_kv: 64, d_ff: 2048, num_layers: 6, num_heads: 8 });
    expect(parameterCount(t5)).toMatchObject({ total: 60_506_624, embeddings: 32_128 * 512, head: 32_128 * 512 });
  });

  test('a pair of texts, by hand', () => {
    const t5 = createEncoderDecoder({ model_type: 't5', vocab_size: 10, d_model: 4, d_kv: 3, d_ff: 5, num_layers: 1, num_decoder_layers: 2, num_heads: 2, relative_attention_num_buckets: 4 });
    // Width 4, two heads of 3: an attention has 4 · 24 numbers, a feed-forward 40, a norm 4, a table of distances 8.
    const [attention, feed, norm, table] = [96, 40, 4, 8];
    const encoder = attention + feed + 2 * norm + table + norm;
    const decoder = 2 * (2 * attention + feed + 3 * norm) + table + norm;
    const cross = 2 * 48;
    const forward = 2 * 7 * (encoder + cross) + 2 * 3 * (decoder - cross + 40) + 4 * 6 * (49 + 2 * (9 + 21));
    expect(flopsPerPair(t5, { encoderLength: 7, decoderLength: 3 })).toEqual({ forward, training: 3 * forward });
    expect(() => flopsPerPair(t5, { encoderLength: 0, decoderLength: 3 })).toThrow(RangeError);
    expect(() => flopsPerToken(t5, { length: 3 })).toThrow('Use flopsPerPair');
  });
});

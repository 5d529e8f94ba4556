import { describe, expect, test } from 'vitest';
import { createModel } from './config/create-model.ts';
import { flopsPerToken, parameterCount } from './flops.ts';
import { parameterBytes } from './parameter-bytes.ts';
import { GPT2_SMALL, llamaOfDepth, SMOLLM2_135M } from './presets.ts';

describe('parameterCount', () => {
  test('a small llama, by hand', () => {
    const model = createModel({ ...llamaOfDepth(3, { vocabSize: 100 }), tied: false });
    // Width 192 in 3 heads of 64 with 1 key head; the MLP is 8/3 · 192 = 512.
    const layer = 2 * 192 * 192 + 2 * 192 * 64 + 3 * 192 * 512 + 2 * 192;
    expect(parameterCount(model)).toEqual({ total: 3 * layer + 192 + 2 * 100 * 192, embeddings: 100 * 192, nonEmbedding: 3 * layer + 192, head: 100 * 192 });
  });

  test('published totals: GPT-2 small 124,439,808, SmolLM2-135M 134,515,008', () => {
    expect(parameterCount(createModel(GPT2_SMALL)).total).toBe(124_439_808);
    expect(parameterCount(createModel(SMOLLM2_135M)).total).toBe(134_515_008);
    expect(parameterBytes(createModel(GPT2_SMALL))).toBe(4 * 124_439_808);
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
    for (const depth of [0, 1.5, 129, NaN]) expect(() => llamaOfDepth(depth, { vocabSize: 512 })).toThrow(RangeError);
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GemmaConfig } from '../architectures/gemma.ts';
import type { MoeConfig } from '../architectures/moe.ts';
import { ModelError } from '../errors.ts';
import { readConfig, writeConfig } from './config.ts';
import { createModel } from './create-model.ts';

type Json = Record<string, unknown>;
const STORED = JSON.parse(readFileSync(new URL('../architectures/fixtures/decoders.json', import.meta.url), 'utf8')) as Record<string, Json>;
const of = (name: string): Json => STORED[name]!;
const [GEMMA2, GEMMA3, NANOCHAT, MIXTRAL, QWEN] = [of('gemma2'), of('gemma3'), of('nanochat'), of('mixtral'), of('qwen3_moe')] as const;
const NAMES = ['gemma2', 'gemma3', 'nanochat', 'mixtral', 'qwen3_moe'];

function refusal(json: object): { code: string; message: string } {
  try {
    createModel(json as Json);
  } catch (error) {
    if (error instanceof ModelError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('expected a refusal');
}

const SIZES = { vocabSize: 40, hiddenSize: 16, intermediateSize: 20, heads: 4, kvHeads: 2, maxPositions: 32, normEps: 1e-6, initStd: 0.02, bosId: 0, eosIds: [1] };
const ROPE = { ropeTheta: 10_000, ropeScaling: { type: 'default' } };

describe('readConfig', () => {
  test('every field from its key', () => {
    const gemma = {
      ...SIZES, layers: 3, headDim: 6, tied: true, attentionBias: false, activation: 'geluTanh', queryScalar: 12, slidingWindow: 5, padId: 0,
    };
    expect(readConfig(GEMMA2)).toEqual({ modelType: 'gemma2', ...gemma, ...ROPE, slidingLayers: [true, false, true], attentionSoftCap: 2, logitSoftCap: 3 });
    expect(readConfig(GEMMA3)).toEqual({
      modelType: 'gemma3_text', ...gemma, slidingLayers: [true, true, false], ropeTheta: 500, ropeScaling: { type: 'linear', factor: 2 }, localRope: { ropeTheta: 100, ropeScaling: { type: 'default' } },
    });
    expect(readConfig(NANOCHAT)).toEqual({
      modelType: 'nanochat', ...SIZES, ...ROPE, layers: 2, headDim: 4, tied: false, attentionBias: false, activation: 'relu2', logitSoftCap: 2, padId: 1,
    });
    const moe = { ...SIZES, tied: false, attentionBias: false, activation: 'silu', balanceCoefficient: 0.1, normalizeWeights: true };
    expect(readConfig(MIXTRAL)).toEqual({
      modelType: 'mixtral', ...moe, normEps: 1e-5, ropeTheta: 1e6, ropeScaling: { type: 'default' }, layers: 2, headDim: 4, expertSize: 20, qkNorm: false, slidingWindow: 6, experts: 5,
      expertsPerToken: 2, denseLayers: [],
    });
    expect(readConfig(QWEN)).toEqual({ modelType: 'qwen3_moe', ...moe, ...ROPE, layers: 3, headDim: 6, expertSize: 12, qkNorm: true, experts: 6, expertsPerToken: 3, denseLayers: [1] });
  });

  test('what files leave out is what transformers takes it to be', () => {
    const two = readConfig({ model_type: 'gemma2', vocab_size: 10 }) as GemmaConfig;
    expect(two).toMatchObject({ layers: 26, heads: 8, kvHeads: 4, headDim: 256, attentionSoftCap: 50, logitSoftCap: 30, slidingWindow: 4096, queryScalar: 256, tied: true });
    expect(two.slidingLayers.slice(0, 4)).toEqual([true, false, true, false]);
    const three = readConfig({ model_type: 'gemma3_text', vocab_size: 10 }) as GemmaConfig;
    expect(three).toMatchObject({ ropeTheta: 1e6, ropeScaling: { type: 'default' }, localRope: { ropeTheta: 1e4, ropeScaling: { type: 'default' } }, maxPositions: 131_072 });
    expect(three).not.toHaveProperty('logitSoftCap');
    expect(three.slidingLayers.map((slides, i) => (slides ? -1 : i)).filter((i) => i >= 0)).toEqual([5, 11, 17, 23]);
    expect(readConfig({ model_type: 'mixtral', vocab_size: 10, hidden_size: 16, intermediate_size: 4, num_hidden_layers: 1, num_attention_heads: 8 })).toMatchObject({
      ropeTheta: 1e6, experts: 8, expertsPerToken: 2, balanceCoefficient: 0.001, kvHeads: 8, normEps: 1e-5,
    });
    // A cap that says null is none.
    expect(readConfig({ ...GEMMA2, attn_logit_softcapping: null, final_logit_softcapping: null })).not.toHaveProperty('attentionSoftCap');
    expect(readConfig({ ...NANOCHAT, final_logit_softcapping: null })).not.toHaveProperty('logitSoftCap');
    expect(readConfig({ ...NANOCHAT, final_logit_softcapping: undefined })).toHaveProperty('logitSoftCap', 15);
  });

  test('the keys of transformers 4: two bases and a pattern for Gemma 3, num_experts and a step for Qwen', () => {
    const old = { ...GEMMA3, rope_parameters: undefined, layer_types: undefined, rope_theta: 500, rope_local_base_freq: 100, rope_scaling: { rope_type: 'linear', factor: 2 }, sliding_window_pattern: 3 };
    expect(readConfig(old)).toEqual(readConfig(GEMMA3));
    expect(readConfig({ ...QWEN, num_local_experts: undefined, num_experts: 6 })).toEqual(readConfig(QWEN));
    expect(readConfig({ ...QWEN, mlp_only_layers: [], decoder_sparse_step: 2 })).toMatchObject({ denseLayers: [0, 2] });
    expect(readConfig({ ...QWEN, use_sliding_window: true, sliding_window: 9 })).toMatchObject({ slidingWindow: 9 });
    expect(readConfig({ ...QWEN, sliding_window: 9 })).not.toHaveProperty('slidingWindow');
  });

  test.each([
    ['gemma 3 with pictures', { ...GEMMA3, model_type: 'gemma3' }, 'E_ARCHITECTURE', 'gemma3_text'],
    ['gemma that sees what follows', { ...GEMMA3, use_bidirectional_attention: true }, 'E_CONFIG', 'use_bidirectional_attention'],
    ['gemma with too few kinds of layers', { ...GEMMA2, layer_types: ['full_attention'] }, 'E_CONFIG', 'layer_types'],
    ['gemma with a cap of 0', { ...GEMMA2, attn_logit_softcapping: 0 }, 'E_CONFIG', 'attn_logit_softcapping'],
    ['gemma with a negative scalar', { ...GEMMA2, query_pre_attn_scalar: -1 }, 'E_CONFIG', 'query_pre_attn_scalar'],
    ['gemma with an odd head', { ...GEMMA2, head_dim: 5 }, 'E_CONFIG', 'even'],
    ['gemma with heads that do not divide', { ...GEMMA2, num_key_value_heads: 3 }, 'E_CONFIG', 'num_key_value_heads'],
    ['gemma 3 with one rope', { ...GEMMA3, rope_parameters: { rope_type: 'default', rope_theta: 5 } }, 'E_ROPE', 'full_attention'],
    ['gemma 3 with an unknown rope', { ...GEMMA3, rope_parameters: { full_attention: { rope_type: 'yarn', factor: 2 } } }, 'E_ROPE', 'yarn'],
    ['gemma with an unknown activation', { ...GEMMA2, hidden_activation: 'mish' }, 'E_ACTIVATION', 'mish'],
    ['nanochat with a cap of text', { ...NANOCHAT, final_logit_softcapping: '15' }, 'E_CONFIG', 'final_logit_softcapping'],
    ['nanochat with a width that does not divide', { ...NANOCHAT, num_attention_heads: 3, num_key_value_heads: 3 }, 'E_CONFIG', 'divisor of hidden_size 16'],
    ['more experts a token than there are', { ...MIXTRAL, num_experts_per_tok: 6 }, 'E_CONFIG', 'num_experts_per_tok'],
    ['no experts', { ...MIXTRAL, num_local_experts: 0 }, 'E_CONFIG', 'num_local_experts'],
    ['noise on the router', { ...MIXTRAL, router_jitter_noise: 0.1 }, 'E_CONFIG', 'router_jitter_noise'],
    ['a negative balance', { ...MIXTRAL, router_aux_loss_coef: -1 }, 'E_CONFIG', 'router_aux_loss_coef'],
    ['dense layers that are not there', { ...QWEN, mlp_only_layers: [3] }, 'E_CONFIG', 'mlp_only_layers'],
    ['a step of 0', { ...QWEN, decoder_sparse_step: 0 }, 'E_CONFIG', 'decoder_sparse_step'],
  ])('refuses %s', (_, json, code, words) => {
    const found = refusal(json);
    expect(found.code).toBe(code);
    expect(found.message).toContain(words);
    expect(found.message).toMatch(/expected .* but found /);
  });

  test('whatever the values, a model or a ModelError', () => {
    const keys = Object.keys({ ...GEMMA3, ...NANOCHAT, ...MIXTRAL, ...QWEN, rope_theta: 0, rope_local_base_freq: 0, rope_scaling: 0, sliding_window_pattern: 0, num_experts: 0 });
    fc.assert(fc.property(
      fc.constantFrom(GEMMA2, GEMMA3, NANOCHAT, MIXTRAL, QWEN), fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.jsonValue(), fc.double(), fc.integer({ min: -2, max: 5 })), { maxKeys: 3 }),
      (base, changes) => {
        try {
          createModel({ ...base, ...changes });
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
    const skipped = new Set(['dtype']);
    expect(written).toMatchObject(Object.fromEntries(Object.entries(json).filter(([key, value]) => key in written && value !== null && !skipped.has(key))));
    expect(written).toMatchObject({ architectures: json['architectures'], dtype: 'bfloat16', torch_dtype: 'bfloat16' });
    // Caps that are off are said, since readers would take others.
    expect(readConfig({ ...written, final_logit_softcapping: null })).toEqual(readConfig({ ...json, final_logit_softcapping: null }));
  });

  test('refuses what config.json cannot say', () => {
    expect(() => writeConfig({ ...readConfig(MIXTRAL) as MoeConfig, denseLayers: [0] })).toThrow(/expected denseLayers to be \[\].*but found \[0\]/);
    expect(() => writeConfig({ ...readConfig(MIXTRAL) as MoeConfig, expertSize: 7 })).toThrow(/expected expertSize to be 20.*but found 7/);
    expect(() => writeConfig({ ...readConfig(GEMMA2) as GemmaConfig, localRope: { ropeTheta: 5, ropeScaling: { type: 'default' } } })).toThrow(ModelError);
  });
});

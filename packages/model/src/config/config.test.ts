import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LlamaConfig } from '../architectures/llama.ts';
import { ModelError } from '../errors.ts';
import { readConfig, writeConfig } from './config.ts';
import { createModel } from './create-model.ts';

const golden = (name: string): Record<string, unknown> => (
  JSON.parse(readFileSync(new URL(`../../../../tests/golden/models/${name}`, import.meta.url), 'utf8')) as Record<string, unknown>
);
const LLAMA = golden('llama/config.json');
const QWEN = golden('qwen2/config.json');
const GPT2 = golden('gpt2/config.json');

/** The code and message with which `json` is refused. */
function refusal(json: unknown): { code: string; message: string } {
  try {
    createModel(json as Record<string, unknown>);
  } catch (error) {
    if (error instanceof ModelError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('readConfig', () => {
  test.each(['gpt2', 'llama', 'llama-tied', 'qwen2', 'qwen3'])('%s: both key styles say the same', (name) => {
    expect(readConfig(golden(`${name}/config.legacy.json`))).toEqual(readConfig(golden(`${name}/config.json`)));
  });

  test('llama: every field from its key', () => {
    expect(readConfig(LLAMA)).toEqual({
      modelType: 'llama', vocabSize: 96, hiddenSize: 32, intermediateSize: 48, layers: 2, heads: 4, kvHeads: 2, headDim: 8,
      maxPositions: 1024, ropeTheta: 10_000,
      ropeScaling: { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 128 },
      normEps: 1e-6, tied: false, qkvBias: false, outputBias: false, mlpBias: false, qkNorm: false, activation: 'silu', initStd: 0.02,
      bosId: 1, eosIds: [2],
    });
  });

  test('the legacy `type` of rope_scaling, and several end tokens', () => {
    const config = readConfig({ ...golden('llama-tied/config.legacy.json'), rope_scaling: { type: 'linear', factor: 4 }, eos_token_id: [2, 5] }) as LlamaConfig;
    expect(config.ropeScaling).toEqual({ type: 'linear', factor: 4 });
    expect(config.eosIds).toEqual([2, 5]);
  });

  test('families differ where Hugging Face says', () => {
    expect(readConfig(QWEN)).toMatchObject({ qkvBias: true, outputBias: false, qkNorm: false });
    expect(readConfig({ ...golden('qwen3/config.json'), head_dim: undefined })).toMatchObject({ qkvBias: false, qkNorm: true, headDim: 128 });
    expect(readConfig({ ...LLAMA, num_key_value_heads: null })).toMatchObject({ kvHeads: 4 });
    expect(readConfig({ ...LLAMA, attention_bias: true, mlp_bias: true })).toMatchObject({ qkvBias: true, outputBias: true, mlpBias: true });
  });

  test('the sliding window of Qwen begins at max_window_layers, or is as layer_types say', () => {
    const on = { ...QWEN, use_sliding_window: true, sliding_window: 16, num_hidden_layers: 2, layer_types: undefined };
    expect(readConfig({ ...on, max_window_layers: 1 })).toMatchObject({ slidingWindow: 16, slidingLayers: [false, true] });
    expect(readConfig({ ...on, max_window_layers: 2 })).not.toHaveProperty('slidingWindow');
    expect(readConfig({ ...on, layer_types: ['sliding_attention', 'full_attention'] })).toMatchObject({ slidingLayers: [true, false] });
    expect(refusal({ ...QWEN, layer_types: ['sliding_attention', 'full_attention'] }).message).toContain('use_sliding_window is off');
  });

  test.each([
    ['negative heads', { ...LLAMA, num_attention_heads: -4 }, 'E_CONFIG', 'num_attention_heads'],
    ['zero heads', { ...GPT2, n_head: 0 }, 'E_CONFIG', 'n_head'],
    ['huge heads', { ...LLAMA, num_attention_heads: 1e12 }, 'E_CONFIG', 'num_attention_heads'],
    ['fractional layers', { ...LLAMA, num_hidden_layers: 1.5 }, 'E_CONFIG', 'num_hidden_layers'],
    ['hidden 1e9', { ...LLAMA, hidden_size: 1e9 }, 'E_CONFIG', 'hidden_size'],
    ['rope base NaN', { ...LLAMA, rope_parameters: { rope_theta: NaN } }, 'E_CONFIG', 'rope_theta'],
    ['rope base 0', { ...LLAMA, rope_parameters: { rope_theta: 0 } }, 'E_CONFIG', 'rope_theta'],
    ['rope base as text', { ...LLAMA, rope_parameters: { rope_theta: '1e4' } }, 'E_CONFIG', 'rope_theta'],
    ['kv heads that do not divide', { ...LLAMA, num_key_value_heads: 3 }, 'E_CONFIG', 'divisor of num_attention_heads 4'],
    ['kv heads missing in qwen', { ...QWEN, num_key_value_heads: undefined }, 'E_CONFIG', 'num_key_value_heads'],
    ['odd head_dim', { ...LLAMA, head_dim: 7 }, 'E_CONFIG', 'even'],
    ['width not divisible', { ...GPT2, n_embd: 25 }, 'E_CONFIG', 'divisor of n_embd 25'],
    ['no vocab_size', { ...LLAMA, vocab_size: null }, 'E_CONFIG', 'vocab_size'],
    ['eps 0', { ...LLAMA, rms_norm_eps: 0 }, 'E_CONFIG', 'rms_norm_eps'],
    ['tied as text', { ...LLAMA, tie_word_embeddings: 'true' }, 'E_CONFIG', 'tie_word_embeddings'],
    ['end token outside the vocabulary', { ...LLAMA, eos_token_id: 96 }, 'E_CONFIG', 'eos_token_id'],
    ['end tokens outside the vocabulary', { ...LLAMA, eos_token_id: [1, 96] }, 'E_CONFIG', 'eos_token_id'],
    ['__proto__', JSON.parse('{"__proto__": {"model_type": "gpt2"}}') as object, 'E_CONFIG', '__proto__'],
    ['nested __proto__', { ...LLAMA, rope_parameters: JSON.parse('{"__proto__": {}}') as object }, 'E_CONFIG', '__proto__'],
    ['inherited keys', Object.create(LLAMA) as object, 'E_CONFIG', 'model_type'],
    ['an unknown model', { ...LLAMA, model_type: 'mamba' }, 'E_ARCHITECTURE', 'mamba'],
    ['a list', [LLAMA], 'E_CONFIG', 'object'],
    ['null', null, 'E_CONFIG', 'object'],
    ['yarn', { ...LLAMA, rope_parameters: { rope_type: 'yarn', factor: 4 } }, 'E_ROPE', 'yarn'],
    ['dynamic', { ...LLAMA, rope_scaling: { type: 'dynamic', factor: 4 } }, 'E_ROPE', 'dynamic'],
    ['rope per layer type', { ...LLAMA, rope_parameters: { full_attention: { rope_theta: 1 } } }, 'E_ROPE', 'per layer type'],
    ['partial rotation', { ...LLAMA, partial_rotary_factor: 0.5 }, 'E_CONFIG', 'partial_rotary_factor'],
    ['an unknown activation', { ...LLAMA, hidden_act: 'mish' }, 'E_ACTIVATION', 'mish'],
    ['quantized weights', { ...LLAMA, quantization_config: { bits: 4 } }, 'E_CONFIG', 'quantization_config'],
    ['scaling by layer', { ...GPT2, scale_attn_by_inverse_layer_idx: true }, 'E_CONFIG', 'scale_attn_by_inverse_layer_idx'],
  ])('refuses %s', (_, json, code, words) => {
    const found = refusal(json);
    expect(found.code).toBe(code);
    expect(found.message).toContain(words);
    expect(found.message).toMatch(/expected .* but found /);
  });

  test('whatever the values, a model or a ModelError', () => {
    const keys = Object.keys({ ...LLAMA, ...QWEN, ...GPT2, rope_scaling: 0, rope_theta: 0 });
    fc.assert(fc.property(
      fc.constantFrom(LLAMA, QWEN, GPT2, golden('qwen3/config.json')),
      fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.jsonValue(), fc.double(), fc.integer({ min: -2, max: 5 })), { maxKeys: 3 }),
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
  test.each(['gpt2', 'llama', 'llama-tied', 'qwen2', 'qwen3'])('%s: reads back, and says the same where transformers has the key', (name) => {
    const json = golden(`${name}/config.json`);
    const config = readConfig(json);
    const written = writeConfig(config);
    expect(readConfig(written)).toEqual(config);
    const ours = Object.fromEntries(Object.entries(json).filter(([key, value]) => key in written && value !== null && key !== 'max_window_layers'));
    expect(written).toMatchObject(ours);
    expect(written).toMatchObject({ architectures: json['architectures'], torch_dtype: 'float32', dtype: 'float32' });
  });

  test('both styles of rope, so that old and new readers agree', () => {
    const scaling = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 128 };
    expect(writeConfig(readConfig(LLAMA), { dtype: 'BF16' })).toMatchObject({
      rope_parameters: { rope_theta: 10_000, ...scaling }, rope_scaling: scaling, rope_theta: 10_000, dtype: 'bfloat16', torch_dtype: 'bfloat16',
    });
    expect(writeConfig(readConfig(QWEN))).toMatchObject({ rope_parameters: { rope_theta: 1e6, rope_type: 'default' }, rope_scaling: null });
  });

  test('refuses a switch that the family cannot express, and so does createModel', () => {
    const config = { ...readConfig(LLAMA), qkNorm: true } as LlamaConfig;
    expect(() => writeConfig(config)).toThrow(/expected qkNorm to be false.*but found true/);
    expect(() => createModel(config)).toThrow(ModelError);
  });
});

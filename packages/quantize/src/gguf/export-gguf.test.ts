import { createModel, type Model, type ModelConfig } from '@llm/model';
import { disposeTree, flatten, GgufError, isWeight, leaves, type Leaf, memory, readGguf, scope, tensor, type Tree, unflatten, useDevice, writeGguf } from '@llm/tensor';
import { tokenizerFromJson, tokenizerToText, trainBpe, type TrainBpeOptions, cl100kSplit, gpt2Split, llama3Split, qwen2Split } from '@llm/tokenizer';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportGguf, planGguf } from './export-gguf.ts';
import { importGguf } from './import-gguf.ts';
import type { GgufMixture } from './mixtures.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

const ROTARY = { hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, vocab_size: 40, max_position_embeddings: 32, bos_token_id: 1, eos_token_id: [2, 3] };
const CONFIGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  llama: { ...ROTARY, model_type: 'llama', tie_word_embeddings: true, attention_bias: true, mlp_bias: true },
  'llama with linear scaling': { ...ROTARY, model_type: 'llama', rope_scaling: { rope_type: 'linear', factor: 4 } },
  'llama with llama3 scaling': { ...ROTARY, model_type: 'llama', rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 } },
  qwen2: { ...ROTARY, model_type: 'qwen2' },
  qwen3: { ...ROTARY, model_type: 'qwen3', head_dim: 32, tie_word_embeddings: true },
  gpt2: { model_type: 'gpt2', n_embd: 64, n_inner: 96, n_layer: 2, n_head: 4, vocab_size: 40, n_positions: 32, bos_token_id: 1, eos_token_id: [2, 3] },
};

/** Norms and biases that are not their beginning either. */
function trained(model: Model<ModelConfig>): Tree {
  const params = model.init(3);
  return unflatten(leaves(params).map(([path, leaf]): [string, Leaf] => {
    if (leaf.shape.length > 1 || isWeight(leaf)) return [path, leaf];
    const values = Float32Array.from({ length: leaf.shape[0]! }, (_, i) => 1 + Math.sin(i) / 4 - (path.endsWith('bias') ? 1 : 0));
    leaf.dispose();
    return [path, tensor(values)];
  }));
}

async function logitsOf(model: Model<ModelConfig>, params: Tree): Promise<Float32Array> {
  const logits = scope(() => model.apply(params, { ids: tensor(Int32Array.of(1, 5, 9, 30, 2), [1, 5], 'int32') }));
  const found = Float32Array.from(await logits.data() as Float32Array);
  logits.dispose();
  return found;
}

const apart = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.each(Object.keys(CONFIGS))('%s', (name) => {
  test('comes back from F32 with the same configuration and the same numbers', async () => {
    const model = createModel(CONFIGS[name]!);
    const params = trained(model);
    const before = memory().tensors;
    const read = await importGguf(await exportGguf(model, params, { mixture: 'F32', name: 'tiny' }));
    expect(read.name).toBe('tiny');
    // Ids of special tokens are the tokenizer's to tell, dropout is nobody's.
    const { bosId, eosIds, ...config } = model.config as ModelConfig & { bosId: number; eosIds: number[] };
    expect(read.model.config).toEqual({ ...config, ...(name === 'gpt2' ? { embeddingDropout: 0, residualDropout: 0 } : {}) });
    expect([bosId, eosIds]).toEqual([1, [2, 3]]);
    const [given, found] = [flatten(params), flatten(read.params)];
    expect(Object.keys(found)).toEqual(Object.keys(given));
    for (const path of Object.keys(given)) expect([...found[path]!.dataSync()], path).toEqual([...given[path]!.dataSync()]);
    disposeTree(read.params);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });

  test.each<[GgufMixture, number]>([['F16', 0.02], ['Q8_0', 0.05], ['Q4_K_M', 0.6]])('in %s answers nearly as before, as tensors and as weights in few bits alike', async (mixture, tolerance) => {
    const model = createModel(CONFIGS[name]!);
    const params = trained(model);
    const file = await exportGguf(model, params, { mixture });
    const [kept, plain] = [await importGguf(file), await importGguf(file, { quantized: false })];
    expect(leaves(kept.params).some(([, leaf]) => isWeight(leaf))).toBe(mixture !== 'F16');
    expect(leaves(plain.params).some(([, leaf]) => isWeight(leaf))).toBe(false);
    const [wanted, first, second] = [await logitsOf(model, params), await logitsOf(kept.model, kept.params), await logitsOf(plain.model, plain.params)];
    const spread = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(apart(first, wanted)).toBeLessThan(tolerance * spread);
    // Products of codes may round states to eight bits.
    expect(apart(first, second)).toBeLessThan((mixture === 'F16' ? 1e-6 : 0.03) * spread);
    // Weights in few bits are written as what they stand for.
    if (mixture === 'Q8_0') {
      const again = await importGguf(await exportGguf(kept.model, kept.params, { mixture: 'F32' }), { quantized: false });
      expect(apart(await logitsOf(again.model, again.params), second)).toBeLessThan(1e-5 * spread);
      disposeTree(again.params);
    }
    for (const tree of [params, kept.params, plain.params]) disposeTree(tree);
  });
});

async function tokens(options: TrainBpeOptions & { vocabSize: number }): Promise<string> {
  return tokenizerToText(await trainBpe(['Some words, 12345 numbers and don\'t repeat some words.'.repeat(3)], { specialTokens: ['<s>', '</s>'], ...options }));
}

describe('tokenizer', () => {
  test.each([['gpt-2', gpt2Split], ['dbrx', llama3Split], ['dbrx', cl100kSplit], ['qwen2', qwen2Split]] as const)('%s comes back with the same ids', async (pre, pattern) => {
    const model = createModel({ ...CONFIGS.llama, vocab_size: 300, bos_token_id: 0, eos_token_id: 1 });
    const params = model.init(0);
    const json = await tokens({ vocabSize: 270, pattern });
    const file = await exportGguf(model, params, { mixture: 'F16', tokenizer: json, chatTemplate: '{{ messages }}' });
    const { metadata } = readGguf(file);
    expect(metadata.get('tokenizer.ggml.pre')).toBe(pre);
    expect(metadata.get('tokenizer.ggml.add_bos_token')).toBe(true);
    const read = await importGguf(file);
    expect(read.model.config).toMatchObject({ bosId: 0, eosIds: [1] });
    expect(read.tokenizer).toMatchObject({ bosId: 0, eosIds: [1], addBos: true, chatTemplate: '{{ messages }}' });
    const [before, after] = [json, read.tokenizer!.json].map((text) => tokenizerFromJson(JSON.parse(text)));
    expect(after!.size).toBe(270);
    for (const text of ['Some words', 'don\'t 12345 <s>', '  \n\nÄ日本']) for (const allowSpecial of [true, false]) expect([...after!.encode(text, { allowSpecial })]).toEqual([...before!.encode(text, { allowSpecial })]);
    disposeTree(params);
    disposeTree(read.params);
  });

  test('what llama.cpp has no name for, and a tokenizer of another model, is refused', async () => {
    const model = createModel({ ...CONFIGS.llama, vocab_size: 260 });
    const params = model.init(0);
    const json = JSON.parse(await tokens({ vocabSize: 260, pattern: qwen2Split })) as { pre_tokenizer: { pretokenizers: { pattern: unknown }[] }; model: { type: string } };
    const planned = (change: (file: typeof json) => void): (() => unknown) => {
      const changed = structuredClone(json);
      change(changed);
      return () => planGguf(model, params, { tokenizer: JSON.stringify(changed) });
    };
    expect(planned((file) => { file.pre_tokenizer.pretokenizers[0]!.pattern = { Regex: '\\s+' }; })).toThrow(expect.objectContaining({ code: 'E_TOKENIZER', message: expect.stringContaining('\\\\s+') }));
    expect(planned((file) => { file.model.type = 'Unigram'; })).toThrow(expect.objectContaining({ code: 'E_TOKENIZER' }));
    const large = await tokens({ vocabSize: 261 });
    expect(() => planGguf(model, params, { tokenizer: large })).toThrow('at most 260 tokens');
    disposeTree(params);
  });
});

describe('refused', () => {
  test('what llama.cpp cannot say', () => {
    const refused: [Record<string, unknown>, string][] = [
      [{ ...CONFIGS.llama, hidden_act: 'gelu' }, 'E_CONFIG'], [{ ...CONFIGS.gpt2, activation_function: 'relu' }, 'E_CONFIG'],
      [{ ...CONFIGS.qwen2, use_sliding_window: true, sliding_window: 8, max_window_layers: 0 }, 'E_CONFIG'],
      [{ ...CONFIGS.llama, rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 2, high_freq_factor: 4, original_max_position_embeddings: 16 } }, 'E_ROPE'],
      [{ model_type: 'gemma2', hidden_size: 8, intermediate_size: 8, num_hidden_layers: 1, num_attention_heads: 1, num_key_value_heads: 1, head_dim: 8, vocab_size: 8 }, 'E_ARCHITECTURE'],
    ];
    for (const [config, code] of refused) {
      const model = createModel(config);
      const params = model.init(0);
      expect(() => planGguf(model, params), JSON.stringify(config)).toThrow(expect.objectContaining({ code }));
      disposeTree(params);
    }
  });

  test('but not a file that says it has no tokenizer, nor one that says nothing', async () => {
    const model = createModel(CONFIGS.llama!);
    const params = model.init(0);
    const { metadata, tensors } = readGguf(await exportGguf(model, params, { mixture: 'F16' }));
    expect(metadata.get('tokenizer.ggml.model')).toBe('none');
    for (const keys of [[...metadata], [...metadata].filter(([key]) => key !== 'tokenizer.ggml.model')]) {
      const read = await importGguf(writeGguf(keys, tensors));
      expect(read.tokenizer).toBeUndefined();
      disposeTree(read.params);
    }
    disposeTree(params);
  });

  test('a tree of another model, and a mixture that is none', () => {
    const [model, other] = [createModel(CONFIGS.qwen2!), createModel(CONFIGS.qwen3!)];
    const params = other.init(0);
    expect(() => planGguf(model, params)).toThrow(expect.objectContaining({ code: 'E_WEIGHTS', message: expect.stringContaining('q_proj.bias') }));
    expect(() => planGguf(other, params, { mixture: 'Q9' as 'Q8_0' })).toThrow(RangeError);
    disposeTree(params);
  });

  test('files of other kinds, and tensors that do not fit, without a tensor left behind', async () => {
    const model = createModel(CONFIGS.llama!);
    const params = model.init(0);
    const file = await exportGguf(model, params, { mixture: 'F16' });
    const { metadata, tensors } = readGguf(file);
    const before = memory().tensors;
    const changed = (keys: Record<string, unknown>, drop = ''): Uint8Array => writeGguf([...new Map([...metadata, ...Object.entries(keys)] as [string, never][])], [...tensors].filter(([name]) => name !== drop));
    const refused: [Uint8Array, string][] = [
      [changed({ 'general.architecture': 'mamba' }), 'E_ARCHITECTURE'], [changed({ 'general.type': 'adapter' }), 'E_ARCHITECTURE'], [changed({ 'llama.expert_count': { type: 'u32', value: 8 } }), 'E_ARCHITECTURE'],
      [changed({ 'llama.block_count': 'two' }), 'E_CONFIG'], [changed({ 'llama.block_count': { type: 'u32', value: 3 } }), 'E_WEIGHTS'], [changed({ 'llama.block_count': { type: 'u32', value: 1 } }), 'E_WEIGHTS'],
      [changed({}, 'blk.1.ffn_up.weight'), 'E_WEIGHTS'], [changed({ 'llama.embedding_length': { type: 'u32', value: 128 }, 'llama.attention.key_length': { type: 'u32', value: 32 }, 'llama.rope.dimension_count': { type: 'u32', value: 32 } }), 'E_WEIGHTS'],
      [changed({ 'llama.rope.dimension_count': { type: 'u32', value: 8 } }), 'E_ROPE'], [changed({ 'llama.rope.scaling.type': 'yarn' }), 'E_ROPE'],
      [changed({ 'tokenizer.ggml.model': 'llama' }), 'E_TOKENIZER'], [changed({ 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'tekken' }), 'E_TOKENIZER'],
    ];
    for (const [bytes, code] of refused) await expect(importGguf(bytes), code).rejects.toThrow(expect.objectContaining({ code }));
    await expect(importGguf(file, { maxBytes: 1000 })).rejects.toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
    await expect(importGguf(file.subarray(0, 1000))).rejects.toThrow(GgufError);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });
});

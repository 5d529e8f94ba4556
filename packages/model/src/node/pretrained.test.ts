import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  disposeTree, flatten, mapLeaves, memory, overwrite, type RawTensor, readSafetensors, type Tensor, tensor, toFloat32, type Tree, unflatten, useDevice, type Weight, writeSafetensors, zeros,
} from '@llm/tensor';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ModelConfig } from '../config/config.ts';
import { createModel } from '../config/create-model.ts';
import type { Model } from '../model.ts';
import { loadPretrained } from './load-pretrained.ts';
import { savePretrained } from './save-pretrained.ts';

const golden = (name: string): string => fileURLToPath(new URL(`../../../../tests/golden/models/${name}`, import.meta.url));
let folder = '';

beforeAll(async () => {
  await useDevice();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A copy of a golden model whose tensors `change` may rename, drop or add. */
async function altered(name: string, change: (tensors: Map<string, RawTensor>) => void, config: (json: Record<string, unknown>) => void = () => undefined): Promise<string> {
  const json = JSON.parse(await readFile(join(golden(name), 'config.json'), 'utf8')) as Record<string, unknown>;
  config(json);
  const { tensors } = readSafetensors(await readFile(join(golden(name), 'model.safetensors')));
  change(tensors);
  await writeFile(join(folder, 'config.json'), JSON.stringify(json));
  await writeFile(join(folder, 'model.safetensors'), writeSafetensors(tensors));
  return folder;
}

describe.each(['gpt2', 'llama', 'llama-tied', 'qwen2', 'qwen3'])('%s', (name) => {
  test('load, save, load: the same bits, under the same names', async () => {
    const before = memory().tensors;
    const first = await loadPretrained(golden(name));
    const { fileNames } = await savePretrained(folder, first);
    expect(fileNames.sort()).toEqual(['config.json', 'generation_config.json', 'model.safetensors']);
    const second = await loadPretrained(folder);
    expect(second.config).toEqual(first.config);
    expect(second.generationConfig).toMatchObject({ bos_token_id: 1, eos_token_id: 2 });
    const theirs = readSafetensors(await readFile(join(golden(name), 'model.safetensors'))).tensors;
    const ours = readSafetensors(await readFile(join(folder, 'model.safetensors'))).tensors;
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [path, { dtype, data }] of ours) expect(data, path).toEqual(dtype === theirs.get(path)!.dtype ? theirs.get(path)!.data : undefined);
    disposeTree(first.params);
    disposeTree(second.params);
    expect(memory().tensors).toBe(before);
  });

  test('shards and bfloat16 read back', async () => {
    const first = await loadPretrained(golden(name));
    const { fileNames } = await savePretrained(folder, { ...first, dtype: 'BF16', maxShardBytes: 8000 });
    expect(fileNames).toContain('model.safetensors.index.json');
    const second = await loadPretrained(folder);
    const a = flatten(first.params);
    for (const [path, leaf] of Object.entries(flatten(second.params))) {
      const [x, y] = [a[path]!.dataSync(), leaf.dataSync()];
      // bfloat16 keeps eight bits: rounding moves a number by at most 2^-8 of its size.
      for (let i = 0; i < x.length; i++) expect(Math.abs(x[i]! - y[i]!)).toBeLessThanOrEqual(Math.abs(x[i]!) / 256);
    }
    expect(await readdir(folder)).not.toContain('model.safetensors');
    disposeTree(first.params);
    disposeTree(second.params);
  });
});

describe('loadPretrained', () => {
  test('takes names without their prefix, and passes over masks and rotary frequencies', async () => {
    const bare = (prefix: string) => (tensors: Map<string, RawTensor>): void => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(name.replace(prefix, ''), tensor);
      }
      tensors.set('h.0.attn.bias', { dtype: 'BOOL', shape: [1, 1], data: new Uint8Array(1) });
      tensors.set('layers.0.self_attn.rotary_emb.inv_freq', { dtype: 'F32', shape: [1], data: new Uint8Array(4) });
    };
    for (const [name, prefix] of [['gpt2', 'transformer.'], ['llama', 'model.']] as const) {
      const { params } = await loadPretrained(await altered(name, bare(prefix)));
      const original = await loadPretrained(golden(name));
      expect(Object.keys(flatten(params))).toEqual(Object.keys(flatten(original.params)));
      disposeTree(params);
      disposeTree(original.params);
    }
  });

  test('lists the first five differences and what to do', async () => {
    const broken = await altered('llama', (tensors) => {
      tensors.delete('model.norm.weight');
      tensors.delete('lm_head.weight');
      tensors.set('extra', { dtype: 'F32', shape: [1], data: new Uint8Array(4) });
      tensors.set('model.layers.0.mlp.up_proj.weight', { dtype: 'F32', shape: [2], data: new Uint8Array(8) });
      tensors.set('model.layers.1.mlp.up_proj.weight', { dtype: 'I32', shape: [48, 32], data: new Uint8Array(48 * 32 * 4) });
    });
    const before = memory().tensors;
    await expect(loadPretrained(broken)).rejects.toMatchObject({ code: 'E_WEIGHTS' });
    await expect(loadPretrained(broken)).rejects.toThrow(
      'found 5 that differ: model.layers.0.mlp.up_proj.weight has shape [2] where the configuration has [48, 32]; '
      + 'model.layers.1.mlp.up_proj.weight has type I32 where F32, F16, BF16 or F64 can be read; model.norm.weight is missing; '
      + 'lm_head.weight is missing (set tie_word_embeddings if the head is the embedding); "extra" is no parameter of this model.',
    );
    expect(memory().tensors).toBe(before);
  });

  test('another vocabulary is a difference of shape', async () => {
    await expect(loadPretrained(await altered('gpt2', () => undefined, (json) => { json['vocab_size'] = 97; })))
      .rejects.toThrow('transformer.wte.weight has shape [96, 24] where the configuration has [97, 24]');
  });

  test('a tied model may store its head again, but only the same one', async () => {
    const withHead = (scale: number) => (tensors: Map<string, RawTensor>): void => {
      const embedding = tensors.get('model.embed_tokens.weight')!;
      const values = toFloat32(embedding).map((value) => value * scale);
      tensors.set('lm_head.weight', { ...embedding, data: new Uint8Array(values.buffer) });
    };
    const { params } = await loadPretrained(await altered('llama-tied', withHead(1)));
    expect(params).not.toHaveProperty('lm_head');
    disposeTree(params);
    await expect(loadPretrained(await altered('llama-tied', withHead(2)))).rejects.toThrow('lm_head.weight that differs from model.embed_tokens.weight');
  });

  test('no folder, no config, bad JSON, too large, only a pickle', async () => {
    await expect(loadPretrained(join(folder, 'none'))).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await writeFile(join(folder, 'config.json'), '{"model_type": ');
    await expect(loadPretrained(folder)).rejects.toMatchObject({ code: 'E_JSON' });
    await writeFile(join(folder, 'config.json'), '[]');
    await expect(loadPretrained(folder)).rejects.toMatchObject({ code: 'E_CONFIG' });
    await copyFile(join(golden('gpt2'), 'config.json'), join(folder, 'config.json'));
    await writeFile(join(folder, 'pytorch_model.bin'), 'PK');
    await expect(loadPretrained(folder)).rejects.toMatchObject({ code: 'E_PICKLE' });
    await expect(loadPretrained(golden('gpt2'), { maxBytes: 1000 })).rejects.toMatchObject({ code: 'E_MEMORY' });
  });
});

const zeroTree = ({ parameters }: Model): Tree => unflatten(parameters.map(({ name, shape }) => [name, zeros([...shape])] as const));

describe('savePretrained', () => {
  const config: ModelConfig = createModel({ model_type: 'gpt2', vocab_size: 8, n_positions: 8, n_embd: 4, n_head: 2, n_layer: 1, eos_token_id: 1, bos_token_id: 1 }).config;
  const added = [{ id: 1, content: '<end>', special: true }];
  const tokenizer = (vocab: Record<string, number>): string => JSON.stringify({ added_tokens: added, model: { type: 'BPE', vocab, merges: [] } });

  test('the tokenizer comes with the files that name its special tokens', async () => {
    const model = createModel(config);
    const params = zeroTree(model);
    const json = tokenizer({ a: 0 });
    await savePretrained(folder, { model, params, tokenizer: { json, config: { chat_template: '{{ x }}' } }, generation: { temperature: 0.5 } });
    disposeTree(params);
    const back = await loadPretrained(folder);
    disposeTree(back.params);
    expect(back.tokenizerJson).toBe(json);
    expect(back.tokenizerConfig).toMatchObject({ bos_token: '<end>', eos_token: '<end>', model_max_length: 8, chat_template: '{{ x }}' });
    expect(back.generationConfig).toEqual({ bos_token_id: 1, eos_token_id: 1, pad_token_id: null, temperature: 0.5 });
    expect(JSON.parse(await readFile(join(folder, 'special_tokens_map.json'), 'utf8'))).toEqual({ bos_token: '<end>', eos_token: '<end>' });
  });

  test('refuses numbers that F16 cannot hold, and leaves the folder as it was', async () => {
    const model = createModel(config);
    const params = mapLeaves(zeroTree(model), (leaf) => {
      const large = tensor(new Float32Array((leaf as Tensor).size).fill(65_519), [...leaf.shape]);
      (leaf as Tensor).dispose();
      return large;
    });
    await savePretrained(folder, { model, params, dtype: 'F16' });
    const before = await readFile(join(folder, 'model.safetensors'));
    overwrite(flatten(params)['transformer.ln_f.bias']!, [0, 0, 70_000, 0]);
    await expect(savePretrained(folder, { model, params, dtype: 'F16' })).rejects.toThrow('found 70000 in transformer.ln_f.bias');
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(before);
    disposeTree(params);
  });

  test('refuses, before writing, a tree of another model, a weight that applies itself, and a tokenizer that is too large', async () => {
    const model = createModel(config);
    const params = zeroTree(model);
    const target = join(folder, 'new');
    const { 'transformer.ln_f.bias': _, ...fewer } = flatten(params);
    const weight: Weight = { shape: [8, 4], tensors: {}, with: () => weight, apply: (x) => x };
    const tree = (flat: object): typeof params => ({ transformer: flat }) as unknown as typeof params;
    await expect(savePretrained(target, { model, params: tree({ ln_f: { bias: Object.values(fewer)[0]! } }) })).rejects.toMatchObject({ code: 'E_WEIGHTS' });
    await expect(savePretrained(target, { model, params: tree({ wte: { weight } }) })).rejects.toMatchObject({ code: 'E_WEIGHT_LEAF' });
    await expect(savePretrained(target, { model, params, tokenizer: { json: tokenizer({ a: 8 }) } })).rejects.toMatchObject({ code: 'E_TOKENIZER' });
    await expect(savePretrained(target, { model, params, tokenizer: { json: '{}' } })).rejects.toMatchObject({ code: 'E_TOKENIZER' });
    expect(await readdir(folder)).toEqual([]);
    await mkdir(target);
    disposeTree(params);
  });
});

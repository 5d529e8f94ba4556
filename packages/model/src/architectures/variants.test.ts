import { readFileSync } from 'node:fs';
import { disposeTree, type RawTensor, readSafetensors, scope, tensor, toFloat32, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, expect, test } from 'vitest';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import { createModel } from '../config/create-model.ts';

const read = (path: string): Map<string, RawTensor> => readSafetensors(readFileSync(new URL(path, import.meta.url))).tensors;
const { tensors: variants } = readSafetensors(readFileSync(new URL('./fixtures/variants.safetensors', import.meta.url)));
const ids = Int32Array.from(toFloat32(variants.get('ids')!));

beforeAll(async () => {
  await useDevice();
});

function compare(config: Record<string, unknown>, tensors: Map<string, RawTensor>, expected: string): void {
  const model = createModel(config);
  const params = paramsFromTensors(model, tensors);
  const prompt = tensor(ids.map((id) => id % model.shape.vocabSize), [1, ids.length], 'int32');
  expectClose(scope(() => model.apply(params, { ids: prompt }).dataSync()), toFloat32(variants.get(expected)!), { tolerance: 1e-4, name: expected });
  prompt.dispose();
  disposeTree(params);
}

/** The tensors of a variant, without its prefix. */
const tensorsOf = (name: string): Map<string, RawTensor> => new Map(
  [...variants].filter(([path]) => path.startsWith(`${name}.`) && path !== `${name}.logits`).map(([path, raw]) => [path.slice(name.length + 1), raw]),
);

test.each(['qwen2', 'qwen3'])('%s with a sliding window in one layer', (name) => {
  const config = JSON.parse(readFileSync(new URL(`../../../../tests/golden/models/${name}/config.json`, import.meta.url), 'utf8')) as object;
  const sliding = { ...config, use_sliding_window: true, sliding_window: 5, layer_types: ['full_attention', 'sliding_attention'] };
  compare(sliding, read(`../../../../tests/golden/models/${name}/model.safetensors`), `sliding.${name}`);
});

test('llama with biases, one key head, exact GELU, linear rope and its own head_dim', () => {
  compare({
    model_type: 'llama', vocab_size: 32, hidden_size: 16, intermediate_size: 20, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 1,
    head_dim: 6, attention_bias: true, mlp_bias: true, hidden_act: 'gelu', rope_theta: 1000, rope_scaling: { type: 'linear', factor: 2 },
  }, tensorsOf('llama'), 'llama.logits');
});

test('gpt2 with its own head, its own MLP width and ReLU, to its last position', () => {
  const config = {
    model_type: 'gpt2', vocab_size: 32, n_positions: 30, n_embd: 16, n_layer: 2, n_head: 2, n_inner: 20, activation_function: 'relu', tie_word_embeddings: false,
  };
  compare(config, tensorsOf('gpt2'), 'gpt2.logits');
  const model = createModel({ ...config, n_positions: 29 });
  const params = model.init(0);
  expect(() => scope(() => model.apply(params, { ids: tensor(ids, [1, 30], 'int32') }))).toThrow(/expected at most 29 positions but found 30/);
  disposeTree(params);
});

import { createModel, kvCache } from '@llm/model';
import { disposeTree, flatten, memory, scope, tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapterCase, causalLoss, goldenBatches, goldenModel } from '../fixtures/golden.ts';
import { trainable } from '../adapter.ts';
import { readPrompt, writePrompt } from './peft-prompt.ts';
import { prefixTuning } from './prefix-tuning.ts';
import { promptTuning, pTuning } from './prompt-tuning.ts';
import { prompted } from './prompted.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

describe.each(['llama-prompt', 'gpt2-prompt', 'llama-p-tuning', 'llama-prefix', 'gpt2-prefix'])('%s', (name) => {
  const { files, ids, shape, logits } = adapterCase(name);
  const [rows, length] = shape;

  test('gives the logits of PEFT, whole and from a cache, and is written as it was read', async () => {
    const { model, params } = goldenModel(name.split('-')[0]!);
    const tree = readPrompt(params, files);
    const run = prompted(model);
    const all = scope(() => run.apply(tree, { ids: tensor(ids, shape, 'int32') }).dataSync());
    expectClose(all, logits, { tolerance: 1e-4 });
    const cache = kvCache(model.shape, { batch: rows, capacity: 16 });
    const part = (from: number, to: number): Float32Array => scope(() => run.apply(tree, {
      ids: tensor(Int32Array.from({ length: rows * (to - from) }, (_, i) => ids[Math.floor(i / (to - from)) * length + from + (i % (to - from))]!), [rows, to - from], 'int32'), cache,
    }).dataSync() as Float32Array);
    part(0, length - 1);
    const vocab = model.shape.vocabSize;
    expectClose(part(length - 1, length), Float32Array.from({ length: rows * vocab }, (_, i) => logits[(Math.floor(i / vocab) * length + length - 1) * vocab + (i % vocab)]!), { tolerance: 1e-4 });
    cache.dispose();
    const written = await writePrompt(tree, { model, baseModel: `models/${name.split('-')[0]}` });
    expect(Buffer.compare(Buffer.from(written.model), files.model as Buffer)).toBe(0);
    const theirs = JSON.parse(files.config) as Record<string, unknown>;
    const ours = JSON.parse(written.config) as Record<string, unknown>;
    for (const key of ['base_model_name_or_path', 'num_virtual_tokens', 'num_layers', 'num_attention_heads', 'token_dim', 'task_type']) expect(ours[key], key).toEqual(theirs[key]);
    disposeTree(tree);
  });
});

describe.each<[string, (params: Tree, model: ReturnType<typeof goldenModel>['model']) => Promise<Tree> | Tree]>([
  ['prompt tuning', (params) => promptTuning(params, { tokens: 4, startIds: [5, 9] })],
  ['P-tuning', (params) => pTuning(params, { tokens: 4, hiddenSize: 16 })],
  ['prefix tuning', (params, model) => prefixTuning(params, { tokens: 4, model })],
  ['prefix tuning through a network', (params, model) => prefixTuning(params, { tokens: 4, model, hiddenSize: 8 })],
])('%s', (_, make) => {
  test('learns; nothing of the model changes, nothing stays behind', async () => {
    const { model, params } = goldenModel('llama');
    const { batches, shape } = goldenBatches('llama');
    const tree = await make(params, model);
    const trained = Object.keys(flatten(tree)).filter(trainable(tree));
    expect(trained.every((path) => /^(prompt|prefix)_encoder\./.test(path))).toBe(true);
    const before = Object.entries(flatten(params)).map(([path, value]) => [path, value.dataSync().slice()] as const);
    const losses: number[] = [];
    const options = { params: tree, loss: causalLoss(prompted(model), shape), optimizer: adamw({ lr: 0.05 }), trainable: trainable(tree) };
    for await (const step of train({ ...options, batches: Array.from({ length: 25 }, () => batches[0]!) })) losses.push(step.loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.3);
    for (const [path, values] of before) expect(flatten(params)[path]!.dataSync()).toEqual(values);
    const held = memory().tensors;
    scope(() => prompted(model).apply(tree, { ids: tensor([1, 2], [1, 2], 'int32') })).dispose();
    expect(memory().tensors).toBe(held);
    // What the encoder makes is what is saved: it gives the same logits.
    const again = readPrompt(params, await writePrompt(tree, { model }));
    const logits = (each: Tree): Float32Array => scope(() => prompted(model).apply(each, { ids: tensor([1, 2, 3], [1, 3], 'int32') }).dataSync() as Float32Array);
    expectClose(logits(again), logits(tree), { tolerance: 1e-6 });
  });
});

test('what cannot be prompted is refused', async () => {
  const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
  const params = model.init(0);
  const tree = await promptTuning(params, { tokens: 2 });
  const ids = tensor([1, 2], [1, 2], 'int32');
  expect(() => prompted(model).hidden(tree, { ids, segments: ids })).toThrow('expected one text a row but found packed ones');
  await expect(promptTuning(tree, { tokens: 2 })).rejects.toThrow('expected a tree without prompt_encoder');
  await expect(promptTuning(params, { tokens: 2, startIds: [16] })).rejects.toThrow('expected ids below 16 but found 16');
  expect(() => pTuning(params, { tokens: 0 })).toThrow('expected a whole number of tokens');
  await expect(writePrompt(params, { model })).rejects.toThrow('expected a tree with virtual tokens');
  const { files } = adapterCase('llama-prefix');
  expect(() => prompted(model).apply(readPrompt(params, files), { ids })).toThrow('expected 16 numbers for each token');
  expect(() => readPrompt(params, adapterCase('llama-lora').files)).toThrow('but found LORA');
});

import { countParameters, disposeTree, flatten, isWeight, type Leaf, leaves, linear, memory, nf4, int4, int8, scope, tensor, type Tree, useDevice, type Weight, withExactProducts } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose, numbers } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapterCase, causalLoss, goldenBatches, goldenModel } from './fixtures/golden.ts';
import { adapterOf, attach, detach, disposeAdapter, trainable } from './adapter.ts';
import { bottleneck } from './bottleneck.ts';
import { loraLayer } from './layers/lora-layer.ts';
import { lora } from './lora.ts';
import { merge, mergeQuantized, unmerge } from './merge.ts';
import { readPeft } from './peft/read-peft.ts';
import { quantizeBase } from './quantize-base.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const plain = { rank: 1, alpha: 2, dropout: 0, rsLora: false, fanInFanOut: false, embedding: false, tiedHead: false };

test('W + (α/r) B A, and back: [[1, 2], [3, 4]] + 2 · [1, 2]ᵀ [10, 20] = [[21, 42], [43, 84]]', async () => {
  const base = { proj: { weight: tensor([[1, 2], [3, 4]]), bias: tensor([1, 2]) } };
  const adapter = { layers: { proj: loraLayer({ a: tensor([[10, 20]]), b: tensor([[1], [2]]) }, plain) }, saved: {} };
  const merged = await merge(attach(base, adapter));
  expect([...flatten(merged)['proj.weight']!.dataSync()]).toEqual([21, 42, 43, 84]);
  expect(flatten(merged)['proj.bias']).toBe(base.proj.bias);
  expect([...flatten(unmerge(merged, adapter))['proj.weight']!.dataSync()]).toEqual([1, 2, 3, 4]);
  // Stored [in, out] the change is the transpose: 2 · [10, 30]ᵀ [1, 2] = [[20, 40], [60, 120]].
  const conv = { layers: { proj: loraLayer({ a: tensor([[10, 30]]), b: tensor([[1], [2]]) }, { ...plain, fanInFanOut: true }) }, saved: {} };
  expect([...flatten(await merge(attach(base, conv)))['proj.weight']!.dataSync()]).toEqual([21, 42, 63, 124]);
});

test('DoRA: rows keep their direction and take the magnitude: m = [5, 1] over rows [3, 4] and [0, 2] is [[3, 4], [0, 1]]', async () => {
  const base = { proj: { weight: tensor([[3, 4], [0, 2]]) } };
  const layer = loraLayer({ a: tensor([[0, 0]]), b: tensor([[1], [1]]), magnitude: tensor([5, 1]) }, plain);
  const adapted = attach(base, { layers: { proj: layer }, saved: {} });
  expectClose(flatten(await merge(adapted))['proj.weight']!.dataSync(), [3, 4, 0, 1], { tolerance: 1e-6 });
  await expect(async () => unmerge(await merge(adapted), adapterOf(adapted))).rejects.toThrow(expect.objectContaining({ code: 'E_ADAPTER', message: expect.stringContaining('DoRA') }));
});

test('a broken adapter is named, and leaves nothing behind; what has no matrix says so; a tied head is not changed unasked', async () => {
  const { params } = goldenModel('gpt2');
  const broken = adapterOf(lora(params, { targets: ['c_attn'] }));
  const layers = { ...broken.layers };
  const [module, layer] = Object.entries(layers)[0]!;
  layers[module] = layer.with({ ...layer.tensors, lora_B: tensor(new Float32Array(72 * 8).fill(NaN), [72, 8]) });
  const before = memory().tensors;
  await expect(merge(attach(params, { layers, saved: {} }))).rejects.toThrow(expect.objectContaining({ code: 'E_NOT_FINITE', message: expect.stringContaining(`found 1 with values that are not: ${module}.weight`) }));
  expect(memory().tensors).toBe(before);
  await expect(merge(bottleneck(params, { modelType: 'gpt2', width: 2 }))).rejects.toThrow('expected a weight that can give its matrix');
  await expect(merge(lora(params, { targets: ['wte'] }))).rejects.toThrow(expect.objectContaining({ code: 'E_ADAPTER', message: expect.stringContaining('ensureWeightTying') }));
  await merge(lora(params, { targets: ['wte'], ensureWeightTying: true }));
});

test('an adapter over a tied embedding acts on rows alone, or with ensureWeightTying on the head as well, merged or not', async () => {
  const { model, params } = goldenModel('gpt2');
  const ids = tensor([3, 4, 5], [1, 3], 'int32');
  const disturb = (tree: Tree): Tree => attach(params, { saved: {}, layers: Object.fromEntries(Object.entries(adapterOf(tree).layers).map(([name, layer]) => [name, layer.with(Object.fromEntries(
    Object.entries(layer.tensors).map(([key, { shape, size }]) => [key, tensor(numbers(size, size).map((value) => 0.2 * value), [...shape])])))])) });
  const rows = disturb(lora(params, { targets: ['wte'], rank: 2 }));
  const both = disturb(lora(params, { targets: ['wte'], rank: 2, ensureWeightTying: true }));
  const run = (tree: Tree): Float32Array => scope(() => model.apply(tree, { ids }).dataSync() as Float32Array);
  const state = (tree: Tree): Float32Array => scope(() => model.hidden(tree, { ids }).dataSync() as Float32Array);
  expect(state(rows)).toEqual(state(both));
  expect(run(rows)).not.toEqual(run(both));
  expectClose(run(await merge(both)), run(both), { tolerance: 1e-5 });
});

describe.each([['int8', int8(), 0.01], ['int4', int4(), 0.12], ['nf4', nf4(), 0.12], ['nf4, scales too', nf4({ doubleQuantized: true }), 0.12]] as const)('QLoRA over %s', (_name, format, tolerance) => {
  test.each(['llama', 'gpt2'])('%s learns with a frozen base in few bits; merged it is the same, or nearly so in few bits again', async (name) => {
    const { model, params } = goldenModel(name);
    const { batches, shape } = goldenBatches(name);
    const small = await quantizeBase(params, { format });
    const matrices = leaves(small).filter(([, leaf]) => isWeight(leaf)).map(([path]) => path);
    expect(matrices).toHaveLength(name === 'llama' ? 14 : 8);
    const adapted = lora(small, { targets: 'all-linear', rank: 4, alpha: 16 });
    const frozen = Object.entries(flatten(small)).map(([path, value]) => [path, value.dataSync().slice()] as const);
    const losses: number[] = [];
    for await (const step of train({ params: adapted, loss: causalLoss(model, shape), batches: Array.from({ length: 30 }, () => batches[0]!), optimizer: adamw({ lr: 0.01 }), trainable: trainable(adapted) })) losses.push(step.loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.5);
    for (const [path, values] of frozen) expect(flatten(small)[path]!.dataSync(), path).toEqual(values);
    const run = (tree: Tree): Float32Array => withExactProducts(() => scope(() => model.hidden(tree, { ids: tensor([3, 4, 5], [1, 3], 'int32') }).dataSync() as Float32Array));
    const merged = await merge(adapted);
    expect(leaves(merged).some(([, leaf]) => isWeight(leaf))).toBe(false);
    expectClose(run(merged), run(adapted), { tolerance: 1e-4 });
    const { params: again, errors } = await mergeQuantized(adapted);
    expect(Object.keys(errors)).toEqual(matrices);
    for (const { largest, rms } of Object.values(errors)) {
      expect(largest).toBeGreaterThan(0);
      expect(largest).toBeLessThan(10 * tolerance);
      expect(rms).toBeLessThan(tolerance);
    }
    expect(leaves(again).filter(([, leaf]) => isWeight(leaf)).map(([path]) => path)).toEqual(matrices);
    disposeAdapter(adapterOf(adapted));
    disposeTree(small);
  });
});

test('gradients of an adapter over few bits are those over the dequantized matrices', async () => {
  const { model, params } = goldenModel('llama');
  const { batches, shape } = goldenBatches('llama');
  const { adapter } = readPeft(adapterCase('llama-dora').files);
  const small = await quantizeBase(params, { targets: 'all-linear' });
  const losses = async (base: Tree): Promise<number[]> => {
    const copy = { layers: Object.fromEntries(Object.entries(adapter.layers).map(([name, layer]) => [name, layer.with(Object.fromEntries(Object.entries(layer.tensors).map(([key, value]) => [key, tensor(value.dataSync().slice() as Float32Array, value.shape as [number])])))])), saved: {} };
    const adapted = attach(base, copy);
    const found: number[] = [];
    for await (const step of train({ params: adapted, loss: causalLoss(model, shape), batches, steps: 4, optimizer: adamw({ lr: 1e-2 }), trainable: trainable(adapted) })) found.push(step.loss);
    return found;
  };
  const dequantized = (tree: Tree): Tree => Object.fromEntries(Object.entries(tree).map(([key, node]) => [key, isWeight(node) ? (node as Weight).matrix!() : 'dataId' in node ? node : dequantized(node as Tree)])) as Tree;
  expectClose(await losses(small), await losses(dequantized(small)), { tolerance: 1e-5 });
});

test('a quantized base under an adapter counts a seventh of its bytes, detach gives it back', async () => {
  const { params } = goldenModel('llama');
  const adapted = lora(params, { targets: ['q_proj'] });
  const small = await quantizeBase(adapted, { targets: ['q_proj'] });
  const bare = detach(small) as { model: { layers: { 0: { self_attn: { q_proj: { weight: Leaf } } } } } };
  expect(isWeight(bare.model.layers[0].self_attn.q_proj.weight)).toBe(true);
  expect(countParameters({ w: bare.model.layers[0].self_attn.q_proj.weight })).toBeLessThan(0.15 * 32 * 32);
  expect(scope(() => linear(tensor(numbers(32), [1, 32]), bare.model.layers[0].self_attn.q_proj.weight)).shape).toEqual([1, 32]);
});

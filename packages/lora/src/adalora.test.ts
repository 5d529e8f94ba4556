import { disposeTree, flatten, scope, sum, tensor, useDevice, type Tree } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose } from '@llm/testing';
import { beforeAll, expect, test } from 'vitest';
import { adapterCase, causalLoss, goldenBatches, goldenModel, readFixture } from './fixtures/golden.ts';
import { adalora, orthogonality } from './adalora.ts';
import { adaloraAllocator } from './adalora-allocator.ts';
import { adapterOf, attach, disposeAdapter, trainable } from './adapter.ts';
import { adaloraLayer } from './layers/adalora-layer.ts';
import { readPeft } from './peft/read-peft.ts';

interface Stored { adalora: { losses: number[]; kept: Record<string, number[]>[] } }
const { adalora: expected } = JSON.parse(readFixture('peft/trajectories.json').toString()) as Stored;

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

test('takes the same ranks at the same steps as PEFT, at the same losses', async () => {
  const { model, params } = goldenModel('llama');
  const { batches, shape } = goldenBatches('llama');
  const { adapter } = readPeft(adapterCase('llama-adalora').files);
  const adapted = attach(params, adapter);
  const allocator = adaloraAllocator(adapted, { targetRank: 2, steps: 10, warmupSteps: 2, finalSteps: 3, interval: 2 });
  const optimizer = allocator.watch(adamw({ lr: 1e-3, beta1: 0.9, beta2: 0.95, weightDecay: 0 }));
  const losses: number[] = [];
  for await (const step of train({ params: adapted, loss: causalLoss(model, shape), batches, optimizer, clipNorm: Infinity, trainable: trainable(adapted) })) {
    losses.push(step.loss);
    await allocator.allocate(step.index);
    const kept = Object.fromEntries(Object.entries(await allocator.kept()).map(([path, ranks]) => [path.replace('.weight', ''), ranks.map(Number)]));
    expect(kept, `step ${step.index}`).toEqual(expected.kept[step.index]);
  }
  expectClose(losses, expected.losses, { tolerance: 1e-4 });
  expect(Object.values(await allocator.kept()).flat().filter(Boolean)).toHaveLength(8);
  disposeAdapter(adapter);
  disposeTree(params as Tree);
});

test('the budget falls with the cube of the time left', () => {
  const params = adalora({ proj: { weight: tensor([[1, 2], [3, 4]]) } }, { targets: ['proj'], initialRank: 12 });
  const { budget } = adaloraAllocator(params, { targetRank: 4, steps: 100, warmupSteps: 10, finalSteps: 30 });
  // Half way from 10 to 70: (12 − 4) · 0.5³ + 4 = 5
  expect([0, 10, 40, 70, 71, 99].map(budget)).toEqual([12, 12, 5, 4, 4, 4]);
  expect(() => adaloraAllocator(params, { steps: 10, warmupSteps: 10 })).toThrow('expected warmupSteps below steps');
  expect(() => adaloraAllocator({ a: tensor([1]) }, { steps: 10 })).toThrow('expected layers of AdaLoRA but found none');
});

test('begins as the identity, and tells how far its matrices are from orthonormal', () => {
  const base = { proj: { weight: tensor([[1, 2], [3, 4]]) } };
  const { layers } = adapterOf(adalora(base, { targets: ['proj'], initialRank: 2 }));
  expect([...scope(() => sum(layers['proj']!.tensors['lora_E']!)).dataSync()]).toEqual([0]);
  const identity = tensor([[1, 0], [0, 1]]);
  const of = (a: typeof identity): number => orthogonality(attach(base, { layers: { proj: adaloraLayer({ a, b: identity, e: tensor([[1], [1]]) }, { rank: 2, alpha: 1, dropout: 0, fanInFanOut: false }) }, saved: {} })).dataSync()[0]!;
  expect(of(identity)).toBe(0);
  // ‖diag(4, 1) − I‖ = 3, and 0 of B: the mean is 1.5.
  expect(of(tensor([[2, 0], [0, 1]]))).toBeCloseTo(1.5, 6);
  expect(Object.keys(flatten(adalora(base, { targets: ['proj'] })))).toEqual(['base', 'lora_A', 'lora_B', 'lora_E'].map((name) => `proj.weight.${name}`));
});

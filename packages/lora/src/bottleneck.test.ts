import { activate, linear, mapLeaves, scope, tensor, type Tree, useDevice, type Weight } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose, numbers } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { causalLoss, goldenBatches, goldenModel } from './fixtures/golden.ts';
import { trainable } from './adapter.ts';
import { bottleneck } from './bottleneck.ts';
import { ia3 } from './ia3.ts';
import { bottleneckLayer } from './layers/bottleneck-layer.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

test('z = W x + b, y = z + W_up gelu(W_down z + b_down) + b_up + residual', () => {
  const random = (seed: number, ...shape: number[]): ReturnType<typeof tensor> => tensor(numbers(shape.reduce((a, b) => a * b, 1), seed), shape);
  const [w, b, down, downBias, up, upBias, x, residual] = [random(1, 3, 4), random(2, 3), random(3, 2, 3), random(4, 2), random(5, 3, 2), random(6, 3), random(7, 5, 4), random(8, 5, 3)];
  const weight = bottleneckLayer({ down: down!, downBias: downBias!, up: up!, upBias: upBias! }, { inputs: 4, fanInFanOut: false }).over(w!) as Weight;
  const z = linear(x!, w!, { bias: b! });
  const inner = linear(activate(linear(z, down!, { bias: downBias! }), 'gelu'), up!, { bias: upBias! });
  const [plain, added, rest] = [z.dataSync(), inner.dataSync(), residual!.dataSync()];
  expectClose(linear(x!, weight, { bias: b!, residual: residual! }).dataSync(), plain.map((value, i) => value + added[i]! + rest[i]!), { tolerance: 1e-5 });
});

describe.each([['bottlenecks', bottleneck, 'llama'], ['bottlenecks', bottleneck, 'gpt2'], ['IA3', ia3, 'llama'], ['IA3', ia3, 'gpt2']] as const)('%s: %# %s', (_name, make, name) => {
  test('begin as the identity and learn', async () => {
    const { model, params } = goldenModel(name);
    const { batches, shape } = goldenBatches(name);
    const tree = make(params, { modelType: name, ...(make === bottleneck ? { width: 4 } : {}) });
    const run = (each: Tree): Float32Array => scope(() => model.apply(each, { ids: tensor([3, 4, 5], [1, 3], 'int32') }).dataSync() as Float32Array);
    expectClose(run(tree), run(params), { tolerance: 1e-6 });
    const losses: number[] = [];
    for await (const step of train({ params: tree, loss: causalLoss(model, shape, { checkpointed: true }), batches: Array.from({ length: 25 }, () => batches[0]!), optimizer: adamw({ lr: 0.02 }), trainable: trainable(tree) })) losses.push(step.loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.2);
    expectClose(run(mapLeaves(tree, (leaf) => ('with' in leaf ? leaf.with(leaf.tensors) : leaf))), run(tree), { tolerance: 0 });
  });
});

test('a model type without places is refused with what there is', () => {
  const { params } = goldenModel('llama');
  expect(() => bottleneck(params, { modelType: 'mamba' })).toThrow(expect.objectContaining({ code: 'E_TARGETS' }));
  expect(() => ia3(params, {})).toThrow(expect.objectContaining({ code: 'E_TARGETS' }));
});

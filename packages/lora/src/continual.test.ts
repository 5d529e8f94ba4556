import { add, scope, tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { causalLoss, goldenBatches, goldenModel } from './fixtures/golden.ts';
import { trainable } from './adapter.ts';
import { orthogonalPenalty, recall, retention } from './continual.ts';
import { loraLayer } from './layers/lora-layer.ts';
import { lora } from './lora.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

test('the penalty is the sum of |A_new A_earlierᵀ|, and the squares of the new one', () => {
  const layer = (a: number[][], b: number[][]): ReturnType<typeof loraLayer> => loraLayer({ a: tensor(a as never), b: tensor(b as never) }, { rank: a.length, alpha: 1, dropout: 0, rsLora: false, fanInFanOut: false, embedding: false, tiedHead: false });
  const first = layer([[1, 0, 0], [0, 2, 0]], [[0, 0]]).over(tensor([[0, 0, 0]]));
  const second = layer([[0, 0, 5]], [[0]]).over(first);
  const third = layer([[1, -3, 1]], [[2]]).over(second);
  const of = (weight: typeof first, options = {}): number => orthogonalPenalty({ proj: { weight } }, { orthogonal: 1, ...options }).dataSync()[0]!;
  expect([of(first), of(second)]).toEqual([0, 0]);
  // |1 · 1| + |−3 · 2| + |1 · 5|, and 1 + 9 + 1 + 4
  expect(of(third)).toBe(12);
  expect(of(third, { decay: 2 })).toBe(12 + 30);
});

test('a second task learned orthogonally leaves more of the first', async () => {
  const { model, params } = goldenModel('llama');
  const { batches, shape } = goldenBatches('llama');
  const loss = causalLoss(model, shape);
  const learn = async (tree: Tree, batch: (typeof batches)[0], penalty: number): Promise<void> => {
    const options = { params: tree, batches: Array.from({ length: 12 }, () => batch), optimizer: adamw({ lr: 0.02 }), trainable: trainable(tree) };
    for await (const step of train({ ...options, loss: (p: Tree, b: typeof batch, c) => (penalty === 0 ? loss(p, b, c) : add(loss(p, b, c), orthogonalPenalty(p, { orthogonal: penalty }))) })) void step;
  };
  const lossOf = (tree: Tree, batch: (typeof batches)[0]): number => scope(() => loss(tree, batch, { denominator: batch.targetCount }).dataSync()[0]!);
  const first = lora(params, { targets: ['up_proj', 'q_proj'], rank: 4, seed: 1 });
  await learn(first, batches[0]!, 0);
  const second = lora(first, { targets: ['up_proj', 'q_proj'], rank: 4, seed: 2 });
  const before = orthogonalPenalty(second).dataSync()[0]!;
  await learn(second, batches[1]!, 0.5);
  expect(orthogonalPenalty(second).dataSync()[0]!).toBeLessThan(0.7 * before);
  expect(lossOf(second, batches[1]!)).toBeLessThan(lossOf(first, batches[1]!) - 0.2);
});

test('batches of earlier tasks come in their share, in turn, again and again', () => {
  const earlier = [['a1', 'a2'], ['b1']];
  const mixed = [...recall(Array.from({ length: 400 }, (_, i) => i), { earlier, share: 0.25, seed: 3 })];
  expect(mixed.filter((each) => typeof each === 'number')).toEqual(Array.from({ length: 400 }, (_, i) => i));
  const old = mixed.filter((each) => typeof each === 'string');
  expect(Math.abs(old.length / mixed.length - 0.25)).toBeLessThan(0.05);
  expect(old.slice(0, 6)).toEqual(['a1', 'b1', 'a2', 'b1', 'a1', 'b1']);
  expect([...recall([1, 2], { earlier: [] })]).toEqual([1, 2]);
  expect([...recall(Array.from({ length: 400 }, (_, i) => i), { earlier, share: 0.25, seed: 3 })]).toEqual(mixed);
  expect(() => [...recall([1], { earlier, share: 1 })]).toThrow('expected 0 ≤ share < 1');
});

test('average, forgetting and backward transfer of three tasks', () => {
  // Task 0: 0.9, 0.8, 0.5; task 1: –, 0.6, 0.7; task 2: –, –, 0.9.
  const { average, forgetting, backwardTransfer } = retention([[0.9, 0.1, 0], [0.8, 0.6, 0], [0.5, 0.7, 0.9]]);
  expect(average).toBeCloseTo(0.7, 12);
  expect(forgetting).toBeCloseTo((0.4 - 0.1) / 2, 12);
  expect(backwardTransfer).toBeCloseTo((-0.4 + 0.1) / 2, 12);
  expect(retention([[1]])).toEqual({ average: 1, forgetting: 0, backwardTransfer: 0 });
  expect(() => retention([[1], [2]])).toThrow('expected a score for each task after each task');
});

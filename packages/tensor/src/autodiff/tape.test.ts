import { add, denseBincount, matMul, memory, mean, mul, reverse, square, sub, sum, tanh, type Tensor, type Tensor1D, tensor } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { useDevice } from '../device/use-device.ts';
import { attention } from '../ops/attention.ts';
import { rope } from '../ops/rope.ts';
import { rmsNorm } from '../ops/rms-norm.ts';
import { checkpointed } from './checkpointed.ts';
import { valueAndGrad } from './value-and-grad.ts';

const bincountWeights = (w: Tensor): Tensor => denseBincount(tensor([0, 1], [2], 'int32') as Tensor1D, w as Tensor1D, 2);

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device, { threads: 2 }); });

  test('valueAndGrad of Σ (w·x)² is 2 w x², and leaves nothing behind', () => {
    const w = tensor([1, -2, 3]);
    const x = tensor([2, 5, 1]);
    const before = memory().numTensors;
    const { value, grads } = valueAndGrad((p: { w: Tensor }) => sum(square(mul(p.w, x))))({ w });
    // (1·2)² + (−2·5)² + (3·1)² = 113; 2·w·x² = 8, −100, 6
    expect(value.dataSync()[0]).toBe(113);
    expect([...grads.w!.dataSync()]).toEqual([8, -100, 6]);
    expect(memory().numTensors).toBe(before + 2);
  });

  test('a tensor used twice gets the sum of both gradients', () => {
    const w = tensor([3]);
    const { grads } = valueAndGrad((p: { w: Tensor }) => sum(add(mul(p.w, p.w), p.w)))({ w });
    expect(grads.w!.dataSync()[0]).toBe(7);
  });

  test('a leaf outside the filter gets no gradient', () => {
    const { grads } = valueAndGrad((p: { a: Tensor; b: Tensor }) => sum(mul(p.a, p.b)), { trainable: (path) => path === 'b' })({ a: tensor([2]), b: tensor([5]) });
    expect(Object.keys(grads)).toEqual(['b']);
    expect(grads.b!.dataSync()[0]).toBe(2);
  });

  test('a loss that is not one number is refused by name', () => {
    expect(() => valueAndGrad((p: { w: Tensor }) => square(p.w))({ w: tensor([1, 2]) })).toThrow('expected the loss to be one number but found shape [2]');
  });

  test('checkpointed gives the same bits as plain', () => {
    const params = { a: tensor([[0.5, -0.25], [0.125, 1]]), b: tensor([[1, 0.5], [-0.5, 0.25]]), g: tensor([1.5, 0.5]) };
    const x = tensor([[1, 2], [3, -1], [0.5, 0.25]]);
    const block = (h: Tensor, a: Tensor, b: Tensor, g: Tensor): Tensor => add(h, matMul(tanh(matMul(rmsNorm(h, g), a)), b));
    const loss = (run: typeof block) => (p: typeof params) => {
      let h: Tensor = x;
      for (let i = 0; i < 3; i++) h = run(h, p.a, p.b, p.g);
      return mean(square(sub(h, 1)));
    };
    const plain = valueAndGrad(loss(block))(params);
    const before = memory().numTensors;
    const cheap = valueAndGrad(loss(checkpointed(block)))(params);
    expect(memory().numTensors).toBe(before + 4);
    expect(cheap.value.dataSync()).toEqual(plain.value.dataSync());
    for (const name of ['a', 'b', 'g']) expect(cheap.grads[name]!.dataSync()).toEqual(plain.grads[name]!.dataSync());
  });

  test('an error in the loss leaves nothing behind', () => {
    const w = tensor([1]);
    const before = memory().numTensors;
    expect(() => valueAndGrad((p: { w: Tensor }) => { square(p.w); throw new Error('mine'); })({ w })).toThrow('mine');
    expect(memory().numTensors).toBe(before);
  });

  test('a loss that is no tensor is refused by name', () => {
    const params = { w: tensor([1]) };
    const before = memory().numTensors;
    const run = (loss: () => unknown): unknown => valueAndGrad(loss as never)(params);
    expect(() => run(() => 3)).toThrow('valueAndGrad: expected the loss to be a tensor, or an object with one as `loss`, but found number');
    expect(() => run(() => undefined)).toThrow('but found undefined');
    expect(() => run(() => Promise.resolve(3))).toThrow('but found a promise. Write a loss that is not async');
    expect(() => valueAndGrad(() => square(params.w), { trainable: () => false })(params)).toThrow('expected at least one trainable leaf but found none. Check the trainable filter; there are w');
    expect(memory().numTensors).toBe(before);
  });

  test('tensors beside the loss come back, and an operation without a gradient is named', () => {
    const params = { w: tensor([2, 3]) };
    const { value } = valueAndGrad((p: typeof params) => ({ loss: sum(p.w), beside: square(p.w) }))(params);
    expect([...value.beside.dataSync()]).toEqual([4, 9]);
    expect(() => valueAndGrad((p: typeof params) => sum(reverse(p.w)))(params)).not.toThrow();
    expect(() => valueAndGrad((p: typeof params) => sum(bincountWeights(p.w)))(params)).toThrow(/backward: expected a gradient for \w+ but found none/);
  });

  test('a mask made inside the loss lives as long as the backward pass needs it', () => {
    const q = tensor([1, 2, 3, 4], [1, 2, 1, 2]);
    const before = memory().numTensors;
    const { value, grads } = valueAndGrad((p: { q: Tensor }) => {
      const rotation = { cos: tensor([1, 1], [2, 1]), sin: tensor([0, 0], [2, 1]) };
      const turned = rope(p.q, rotation, { positions: tensor([0, 1], [1, 2], 'int32') });
      return sum(attention(turned, turned, turned, { segments: tensor([0, 1], [1, 2], 'int32'), bias: tensor([0, 0, 0, 0], [1, 1, 2, 2]) }));
    })({ q });
    // Each token is its own document: it sees only itself, so o = v = q.
    expect(value.dataSync()[0]).toBe(10);
    expect([...grads.q!.dataSync()]).toEqual([1, 1, 1, 1]);
    expect(memory().numTensors).toBe(before + 2);
  });

  test('a tensor that stands at two paths has one gradient, the sum, under the first', () => {
    const shared = tensor([3]);
    const { grads } = valueAndGrad((p: { embed: Tensor; head: Tensor }) => sum(mul(p.embed, mul(p.head, 2))))({ embed: shared, head: shared });
    // d(2w²)/dw = 4w
    expect(Object.entries(grads).map(([path, grad]) => [path, grad.dataSync()[0]])).toEqual([['embed', 12]]);
  });
});

import { add, matMul, memory, mean, mul, square, sub, sum, tanh, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { useDevice } from '../device/use-device.ts';
import { rmsNorm } from '../ops/rms-norm.ts';
import { checkpointed } from './checkpointed.ts';
import { valueAndGrad } from './value-and-grad.ts';

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
});

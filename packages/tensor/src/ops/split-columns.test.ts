import { mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { useDevice } from '../device/use-device.ts';
import { splitColumns } from './split-columns.ts';

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device); });

  test('cuts the last axis, and its gradient puts the parts together again', () => {
    const x = tensor([[1, 2, 3, 4], [5, 6, 7, 8]]);
    const parts = splitColumns(x, 2, { shape: [2, 1, 2] });
    expect(parts.map((part) => [part.shape, [...part.dataSync()]])).toEqual([[[2, 1, 2], [1, 2, 5, 6]], [[2, 1, 2], [3, 4, 7, 8]]]);
    const { grads } = valueAndGrad((p: { x: Tensor }) => {
      const [a, b] = splitColumns(p.x, 2, { shape: [2, 1, 2] }) as [Tensor, Tensor];
      return sum(mul(a, mul(b, 10)));
    })({ x });
    // d/da = 10 b, d/db = 10 a
    expect([...grads['x']!.dataSync()]).toEqual([30, 40, 10, 20, 70, 80, 50, 60]);
  });

  test('a part that is not used gets a gradient of zeros', () => {
    const { grads } = valueAndGrad((p: { x: Tensor }) => sum(splitColumns(p.x, 2, { shape: [1] })[1]!))({ x: tensor([[3, 4]]) });
    expect([...grads['x']!.dataSync()]).toEqual([0, 1]);
  });

  test('a shape that does not fit is refused', () => {
    expect(() => splitColumns(tensor([[1, 2, 3]]), 2, { shape: [1, 1] })).toThrow('splitColumns: expected 2 parts of [1, 1] but found [1, 3]');
  });
});

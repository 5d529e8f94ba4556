import { div, log, memory, mul, scalar, sqrt, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { useDevice } from '../device/use-device.ts';
import { softmax } from '../ops/softmax.ts';
import { findNonFinite, NonFiniteValueError } from './find-non-finite.ts';
import { valueAndGrad } from './value-and-grad.ts';

function caught(fn: () => unknown): NonFiniteValueError {
  try {
    fn();
  } catch (error) {
    if (error instanceof NonFiniteValueError) return error;
  }
  throw new Error('expected a NonFiniteValueError');
}

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  test('the first operation is named, with what went in', async () => {
    await useDevice(device);
    const x = tensor([4, 1, -1]);
    const before = memory().numTensors;
    const { operation, message, code } = caught(() => valueAndGrad((p: { x: Tensor }) => findNonFinite(() => sum(mul(sqrt(p.x), 2))))({ x }));
    expect([operation, code]).toEqual(['Sqrt', 'non-finite']);
    expect(message).toBe('findNonFinite: expected finite values but found NaN at 2 of [3], made by Sqrt (operation 1) from [3] within -1 … 4');
    expect(memory().numTensors).toBe(before);
  });

  test('a kernel of ours, and a backward pass', async () => {
    await useDevice(device);
    expect(caught(() => findNonFinite(() => softmax(tensor([NaN, 1])))).operation).toBe('softmax');
    // √0 is finite, its slope 1/(2·0) is not.
    const slope = caught(() => findNonFinite(() => valueAndGrad((p: { x: Tensor }) => sum(sqrt(p.x)))({ x: tensor([0]) })));
    expect(slope.operation).toBe('RealDiv');
  });

  test('infinities may pass, and what is finite comes back', async () => {
    await useDevice(device);
    const infinite = (): Tensor => div(scalar(1), scalar(0));
    expect(caught(() => findNonFinite(infinite)).operation).toBe('RealDiv');
    expect(findNonFinite(infinite, { infinities: false }).dataSync()[0]).toBe(Infinity);
    expect(caught(() => findNonFinite(() => mul(log(scalar(0)), scalar(0)), { infinities: false })).operation).toBe('Multiply');
    expect(findNonFinite(() => mul(scalar(2), scalar(3))).dataSync()[0]).toBe(6);
  });
});

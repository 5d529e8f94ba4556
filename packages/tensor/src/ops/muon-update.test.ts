import { askedDevices } from '@llm/kernels';
import { expectClose, numbers } from '@llm/testing';
import { memory, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { scope } from '../autodiff/scope.ts';
import { type DeviceName, useDevice } from '../device/use-device.ts';
import { muonUpdate, type MuonEntry } from './muon-update.ts';

const shapes = [[6, 10], [10, 6], [6, 10], [5, 5], [6, 10], [10, 6], [1, 3], [40, 24], [40, 24]] as const;
const options = { momentum: 0.9, nesterov: true, iterations: 5, gradScale: 0.5 };

const entries = (): MuonEntry[] => shapes.map(([rows, columns], i) => {
  const [param, grad, momentum] = [0, 10, 20].map((seed) => tensor(numbers(rows * columns, i + seed), [rows, columns])) as [Tensor, Tensor, Tensor];
  return { param, grad, momentum, lr: 0.1, weightDecay: 0.1 * i, factor: 1 + i };
});

const valuesOf = async (some: readonly MuonEntry[]): Promise<number[][]> => (
  Promise.all(some.flatMap(({ param, momentum }) => [param, momentum]).map(async (each) => [...await each.data()]))
);

describe.each(['cpu', ...askedDevices()] as DeviceName[])('on %s', (device) => {
  beforeAll(async () => { await useDevice(device); });

  test.each([true, false])('matrices of one shape go together, and each ends where it would alone (nesterov: %s)', async (nesterov) => {
    const [together, alone] = [entries(), entries()];
    const { numTensors } = memory();
    for (let step = 0; step < 2; step++) {
      muonUpdate(together, { ...options, nesterov });
      for (const entry of alone) muonUpdate([entry], { ...options, nesterov });
    }
    expect(memory().numTensors).toBe(numTensors);
    const [found, wanted] = [await valuesOf(together), await valuesOf(alone)];
    found.forEach((values, i) => expectClose(values, wanted[i]!, { tolerance: 2e-6, name: `tensor ${i}` }));
    expect(found[0]).not.toEqual((await valuesOf(entries()))[0]);
  });

  test('a gradient that is not finite shows in its matrix alone', async () => {
    const some = entries();
    const broken = { ...some[2]!, grad: tensor(numbers(60).map((value, i) => (i === 7 ? NaN : value)), [6, 10]) };
    muonUpdate(some.map((entry, i) => (i === 2 ? broken : entry)), options);
    expect((await valuesOf(some)).map((values) => values.some(Number.isNaN))).toEqual(shapes.flatMap((_, i) => [i === 2, i === 2]));
  });

  test('where the scale is a tensor of NaN nothing changes, to the bit', async () => {
    const some = entries();
    const before = await valuesOf(some);
    scope(() => muonUpdate(some, { ...options, gradScale: tensor([NaN]), rates: tensor([0.5]) }));
    expect(await valuesOf(some)).toEqual(before);
    // Rates are lr and the scale, wherever they come from.
    const others = entries();
    scope(() => muonUpdate(some, { ...options, gradScale: tensor([0.25]), rates: tensor([0.5]) }));
    muonUpdate(others.map((entry) => ({ ...entry, lr: 0.5 * entry.lr })), { ...options, gradScale: 0.25 });
    const wanted = await valuesOf(others);
    (await valuesOf(some)).forEach((values, i) => expectClose(values, wanted[i]!, { tolerance: 2e-6, name: `tensor ${i}` }));
  });
});

test('what is no matrix, and rates without a scale, are errors', () => {
  const [vector, given] = [tensor([1]), tensor([1])];
  expect(() => muonUpdate([{ param: vector, grad: vector, momentum: vector, lr: 1, weightDecay: 0, factor: 1 }], options)).toThrow('muonUpdate: expected matrices but found shape [1].');
  expect(() => muonUpdate([], { ...options, rates: given })).toThrow('muonUpdate: expected rates and gradScale to be tensors together');
});

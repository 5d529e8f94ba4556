import { askedDevices } from '@llm/kernels';
import { expectClose, numbers } from '@llm/testing';
import { memory, tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DeviceName, useDevice } from '../device/use-device.ts';
import { orthogonalize } from './orthogonalize.ts';

type Matrix = readonly (readonly number[])[];
const times = (a: Matrix, b: Matrix): Matrix => a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const turned = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const plus = (a: Matrix, factorA: number, b: Matrix, factorB: number): Matrix => a.map((row, i) => row.map((value, j) => factorA * value + factorB * b[i]![j]!));

/** The published iteration in f64, as it is written. */
function expected(values: readonly number[], [rows, columns]: readonly [number, number], iterations: number): number[] {
  const norm = Math.max(Math.hypot(...values), 1e-7);
  let x: Matrix = Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns).map((value) => value / norm));
  if (rows > columns) x = turned(x);
  for (let i = 0; i < iterations; i++) {
    const gram = times(x, turned(x));
    x = plus(x, 3.4445, times(plus(gram, -4.775, times(gram, gram), 2.0315), x), 1);
  }
  return (rows > columns ? turned(x) : x).flat();
}

describe.each(['cpu', ...askedDevices()] as DeviceName[])('on %s', (device) => {
  beforeAll(async () => { await useDevice(device); });

  test.each([[1, 1], [1, 7], [7, 1], [5, 5], [6, 20], [33, 10]] as const)('%i by %i, two at once, as the iteration is written', async (rows, columns) => {
    const all = [...numbers(2 * rows * columns, 3)].map(Math.fround);
    const [one, two] = [all.slice(0, rows * columns), all.slice(rows * columns)];
    for (const iterations of [1, 3, 5]) {
      const y = orthogonalize(tensor(all, [2, rows, columns]), { iterations });
      expect(y.shape).toEqual([2, rows, columns]);
      const wanted = [...expected(one, [rows, columns], iterations), ...expected(two, [rows, columns], iterations)];
      expectClose(await y.data(), wanted, { tolerance: 2e-5, name: `after ${iterations}` });
    }
  });

  test('zeros stay zeros, no matrices are none, and nothing is left behind', async () => {
    const x = zeros([3, 2, 4]);
    const { numTensors } = memory();
    const y = orthogonalize(x);
    expect([...await y.data()]).toEqual(Array(24).fill(0));
    expect(memory().numTensors).toBe(numTensors + 1);
    expect(orthogonalize(zeros([0, 2, 4])).shape).toEqual([0, 2, 4]);
  });
});

test('what is no matrix, and no iteration, are errors', () => {
  expect(() => orthogonalize(tensor([1, 2]))).toThrow('orthogonalize: expected matrices [..., rows, columns] but found shape [2].');
  for (const iterations of [0, 1.5, NaN]) expect(() => orthogonalize(zeros([2, 2]), { iterations })).toThrow(`orthogonalize: expected iterations to be a whole number from 1 on but found ${iterations}.`);
});

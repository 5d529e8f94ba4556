import { expect, test } from 'vitest';
import { checkKernel } from '../check-kernel.ts';
import { lionReference } from './reference.ts';
import { lion } from './lion.ts';

test('lion equals its reference', async () => {
  const cases = [0, 1, 3, 4, 7, 1021, 65_536, 65_537, 140_001].map((count, i) => ({
    dims: { count }, uniforms: { lr: 0.1, weightDecay: 0.05 * i, beta1: 0.8, beta2: 0.95, gradScale: 1 / (1 + i) },
  }));
  const ran = await checkKernel(lion, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('a number whose momentum and gradient are 0 stays where it is', async () => {
  const zeros = (_random: () => number, length: number): number[] => Array<number>(length).fill(0);
  await checkKernel(lion, { cases: [{ dims: { count: 5 }, uniforms: { lr: 1 }, inputs: { grad: zeros, m: zeros } }] });
});

test('the first step from zero momentum moves by lr against the sign of the gradient, after the decay', () => {
  const [param, grad, m] = [[2, 2, 2], [5, -0.25, 0], [0, 0, 0]].map((values) => Float64Array.from(values)) as [Float64Array, Float64Array, Float64Array];
  lionReference({ param, grad, m }, { count: 3 }, { lr: 0.1, weightDecay: 0.5, beta1: 0.9, beta2: 0.99, gradScale: 1 });
  // 2 (1 − 0.1 · 0.5) = 1.9, then −0.1, +0.1 and 0; m = 0.01 g.
  [1.8, 2, 1.9].forEach((value, i) => expect(param[i]).toBeCloseTo(value, 12));
  [0.05, -0.0025, 0].forEach((value, i) => expect(m[i]).toBeCloseTo(value, 12));
});

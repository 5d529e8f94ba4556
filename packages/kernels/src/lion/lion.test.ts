import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { resolveDims } from '../kernel.ts';
import { lionReference } from './reference.ts';
import { lion } from './lion.ts';

test('lion equals its reference', async () => {
  const cases = [0, 1, 3, 4, 7, 1021, 65_536, 65_537, 140_001].map((count, i) => ({
    dims: { count }, uniforms: { lr: 0.1, weightDecay: 0.05 * i, beta1: 0.8, beta2: 0.95, gradScale: 1 / (1 + i) },
  }));
  const ran = await checkKernel(lion, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('rates from memory stand in for lr and gradScale', async () => {
  const cases = [1, 4, 1023, 1025].map((count, i) => ({
    dims: { count }, inputs: { rates: () => [0.5, 1 / (1 + i)] }, uniforms: { lr: 0.2, weightDecay: 0.1, gradScale: 7 }, with: ['rates'],
  }));
  await checkKernel(lion, { cases });
  const param = Float64Array.of(2);
  const uniforms = { lr: 0.2, weightDecay: 0.5, beta1: 0.9, beta2: 0.99, gradScale: 7 };
  lionReference({ param, grad: Float64Array.of(3), m: new Float64Array(1), rates: Float64Array.of(0.5, 1) }, { count: 1 }, uniforms);
  // lr = 0.2 · 0.5: 2 (1 − 0.1 · 0.5) − 0.1.
  expect(param[0]).toBeCloseTo(1.8, 12);
});

test('where the gradScale of the rates is NaN nothing changes, to the bit', async () => {
  const io = {
    param: Float64Array.of(1, -0, Infinity, 3e-39, NaN), grad: Float64Array.of(1, 2, NaN, Infinity, 5), m: Float64Array.of(1, 2, 3, 4, 5),
    rates: Float64Array.of(1, NaN),
  };
  for (const { run } of await checkDevices()) {
    const found = await run(lion, { io, dims: { count: 5, rateCount: 2 }, uniforms: lion.uniforms });
    for (const name of ['param', 'm'] as const) expect([...found[name]!]).toEqual([...Float32Array.from(io[name])]);
  }
  expect(() => resolveDims(lion, { param: [5], grad: [5], m: [5], rates: [3] })).toThrow('lion: expected 2 rates but found 3.');
});

test('a broken gradient shows in what it touches on every device', async () => {
  const io = { param: Float64Array.of(1, 1, 1), grad: Float64Array.of(1, NaN, 1), m: Float64Array.of(0, 0, 0) };
  for (const { run } of await checkDevices()) {
    const found = await run(lion, { io, dims: { count: 3 }, uniforms: lion.uniforms });
    expect([...found['param']!].map(Number.isNaN)).toEqual([false, true, false]);
  }
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

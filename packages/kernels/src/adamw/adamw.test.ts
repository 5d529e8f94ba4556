import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { resolveDims } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { adamw } from './adamw.ts';
import { adamwMany } from './adamw-many.ts';
import { adamwReference } from './reference.ts';

type AdamwIo = Parameters<typeof adamwReference>[0];

const squares = (random: () => number, length: number): number[] => Array.from({ length }, () => random() ** 2);

test('adamw equals its reference', async () => {
  const cases = [0, 1, 3, 4, 7, 1021, 65_536, 65_537, 140_001].map((count, i) => ({
    dims: { count }, inputs: { v: squares },
    uniforms: { lr: 0.1, weightDecay: 0.2, step: 1 + i * i, gradScale: 1 / (1 + i), eps: i % 2 === 0 ? 1e-8 : 1e-3 },
  }));
  const ran = await checkKernel(adamw, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

const ratesOf = (step: number, scale: number) => (): number[] => [0.5, 1 - 0.9 ** step, 1 - 0.999 ** step, scale];

test('rates from memory stand in for lr, step and gradScale', async () => {
  const cases = [1, 4, 1023, 1025].map((count, i) => ({
    dims: { count }, inputs: { v: squares, rates: ratesOf(1 + i, 1 / (1 + i)) }, with: ['rates'],
    uniforms: { lr: 0.2, weightDecay: 0.2, step: 99, gradScale: 7 },
  }));
  await checkKernel(adamw, { cases });
  // The same step by uniforms: lr is a product of both.
  const fresh = (): AdamwIo => (
    { param: new Float64Array(8).fill(2), grad: Float64Array.from({ length: 8 }, (_, i) => i - 3), m: new Float64Array(8), v: new Float64Array(8) }
  );
  const given = fresh();
  const plain = fresh();
  const uniforms = { lr: 0.2, weightDecay: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 99, gradScale: 7 };
  adamwReference({ ...given, rates: Float64Array.from(ratesOf(3, 0.25)()) }, { count: 8 }, uniforms);
  adamwReference(plain, { count: 8 }, { ...uniforms, lr: 0.1, step: 3, gradScale: 0.25 });
  expect(given).toEqual(plain);
});

test('where the gradScale of the rates is NaN nothing changes, to the bit', async () => {
  const io = {
    param: Float64Array.of(1, -0, Infinity, 3e-39, NaN), grad: Float64Array.of(1, 2, NaN, Infinity, 5), m: Float64Array.of(1, 2, 3, 4, 5),
    v: Float64Array.of(1, 2, 3, 4, 5), rates: Float64Array.of(1, 0.1, 0.001, NaN),
  };
  for (const { run } of await checkDevices()) {
    const found = await run(adamw, { io, dims: { count: 5, rateCount: 4 }, uniforms: adamw.uniforms });
    for (const name of ['param', 'm', 'v'] as const) expect([...found[name]!]).toEqual([...Float32Array.from(io[name])]);
  }
  expect(() => resolveDims(adamw, { param: [5], grad: [5], m: [5], v: [5], rates: [3] })).toThrow('adamw: expected 4 rates but found 3.');
});

test('the first step from zero moments moves by lr against the sign of the gradient, after the decay', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const [param, grad, m, v] = [0, 0, 0, 0].map(() => device.heap.alloc(64)) as [number, number, number, number];
  device.f32(param, 3).fill(2);
  device.f32(grad, 3).set([5, -0.25, 0]);
  device.f32(m, 3).fill(0);
  device.f32(v, 3).fill(0);
  adamwMany(device, [{ param, grad, m, v, count: 3, lr: 0.1, weightDecay: 0.5 }], { beta1: 0.9, beta2: 0.999, eps: 1e-12, step: 1 });
  // 2 (1 − 0.1 · 0.5) = 1.9, then ∓ 0.1; no gradient, no move.
  [1.8, 2, 1.9].forEach((value, i) => expect(device.f32(param, 3)[i]).toBeCloseTo(value, 5));
  expect(device.f32(m, 3)[0]).toBeCloseTo(0.5, 6);
  expect(device.f32(v, 3)[0]).toBeCloseTo(0.025, 6);
  await device.close();
});

test('many tensors in one dispatch equal one dispatch each, with rates of their own', async () => {
  const results: number[][] = [];
  for (const together of [true, false]) {
    const device = await createWasmDevice({ threads: 2 });
    const tensors = [5, 0, 70_000, 1, 16].map((count, i) => {
      const place = (value: (j: number) => number): number => {
        const address = device.heap.alloc(Math.max(4, count * 4));
        device.f32(address, count).forEach((_, j, view) => { view[j] = value(j); });
        return address;
      };
      return { param: place((j) => Math.sin(j + i)), grad: place((j) => Math.cos(j * i)), m: place((j) => 0.1 * Math.sin(3 * j)), v: place((j) => (j % 7) / 7), count, lr: 0.01 * (i + 1), weightDecay: 0.1 * i };
    });
    const options = { beta1: 0.9, beta2: 0.95, eps: 1e-8, step: 3, gradScale: 0.5 };
    const { blocks } = device.heap.stats();
    if (together) adamwMany(device, tensors, options);
    else for (const tensor of tensors) adamwMany(device, [tensor], options);
    expect(device.heap.stats().blocks).toBe(blocks);
    results.push(tensors.flatMap(({ param, m, v, count }) => [param, m, v].flatMap((address) => [...device.f32(address, count)])));
    await device.close();
  }
  expect(results[0]).toEqual(results[1]);
});

test('a step before the first and a broken count are errors', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const options = { beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 0 };
  expect(() => adamwMany(device, [], options)).toThrow('adamwMany: expected step to be a whole number from 1 on but found 0.');
  expect(() => adamwMany(device, [{ param: 0, grad: 0, m: 0, v: 0, count: NaN, lr: 0, weightDecay: 0 }], { ...options, step: 1 })).toThrow(RangeError);
  await device.close();
});

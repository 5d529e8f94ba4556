import { expect, test } from 'vitest';
import { checkKernel } from '../check-kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { adamw } from './adamw.ts';
import { adamwMany } from './adamw-many.ts';

const squares = (random: () => number, length: number): number[] => Array.from({ length }, () => random() ** 2);

test('adamw equals its reference', async () => {
  const cases = [0, 1, 3, 4, 7, 1021, 65_536, 65_537, 140_001].map((count, i) => ({
    dims: { count }, inputs: { v: squares },
    uniforms: { lr: 0.1, weightDecay: 0.2, step: 1 + i * i, gradScale: 1 / (1 + i), eps: i % 2 === 0 ? 1e-8 : 1e-3 },
  }));
  const ran = await checkKernel(adamw, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
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

import { expectClose, numbers } from '@llm/testing';
import { memory, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDevice } from '../device/use-device.ts';
import { adamwUpdate } from './adamw-update.ts';
import { dropout } from './dropout.ts';
import { globalNorm } from './global-norm.ts';

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test('two AdamW steps over tensors of several sizes, in place, as the formula has them', () => {
    const sizes = [1, 7, 1000];
    const options = { beta1: 0.9, beta2: 0.99, eps: 1e-6, gradScale: 0.5 };
    const entries = sizes.map((size, i) => ({
      param: tensor(numbers(size, i)), grad: tensor(numbers(size, i + 10)), m: zeros([size]), v: zeros([size]), lr: 0.1 * (i + 1), weightDecay: 0.01 * i,
    }));
    const before = memory().numTensors;
    const expected = entries.map(({ param, grad, lr, weightDecay }) => {
      const p = Float64Array.from(param.dataSync());
      const m = new Float64Array(p.length);
      const v = new Float64Array(p.length);
      for (const step of [1, 2]) {
        grad.dataSync().forEach((raw, i) => {
          const g = raw * 0.5;
          m[i] = 0.9 * m[i]! + 0.1 * g;
          v[i] = 0.99 * v[i]! + 0.01 * g * g;
          p[i] = p[i]! * (1 - lr * weightDecay) - (lr * (m[i]! / (1 - 0.9 ** step))) / (Math.sqrt(v[i]! / (1 - 0.99 ** step)) + 1e-6);
        });
      }
      return { p, m, v };
    });
    for (const step of [1, 2]) adamwUpdate(entries, { ...options, step });
    entries.forEach(({ param, m, v }, i) => {
      expectClose(param.dataSync(), expected[i]!.p, { tolerance: 2e-6, name: 'param' });
      expectClose(m.dataSync(), expected[i]!.m, { tolerance: 1e-6, name: 'm' });
      expectClose(v.dataSync(), expected[i]!.v, { tolerance: 1e-6, name: 'v' });
    });
    expect(memory().numTensors).toBe(before);
  });

  test('the norm over all tensors, and over none', () => {
    // √(3² + 4² + 12²) = 13
    expect(globalNorm([tensor([3, 4]), tensor([[12]])]).dataSync()[0]).toBe(13);
    expect(globalNorm([]).dataSync()[0]).toBe(0);
    expect(globalNorm([tensor([1e30, 1e30])]).dataSync()[0]).toBeCloseTo(Math.SQRT2 * 1e30, -24);
    expect(globalNorm([tensor([1, NaN])]).dataSync()[0]).toBeNaN();
    expect(globalNorm([tensor([1, Infinity])]).dataSync()[0]).toBe(Infinity);
  });

  test('dropout: a share of p falls out, the mean stays, and a seed gives one mask', () => {
    const x = tensor(new Float32Array(20_000).fill(1));
    const y = dropout(x, 0.25, { seed: 7 });
    const values = y.dataSync();
    const zeroed = values.filter((value) => value === 0).length;
    // 20,000 draws at p = 1/4: standard deviation √(20,000 · 3/16) ≈ 61
    expect(Math.abs(zeroed - 5000)).toBeLessThan(5 * 61);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(4 / 3)]));
    expect(dropout(x, 0.25, { seed: 7 }).dataSync()).toEqual(values);
    expect(dropout(x, 0.25, { seed: 8 }).dataSync()).not.toEqual(values);
    expect(dropout(x, 0, { seed: 7 })).toBe(x);
  });
});

test('dropout has the same mask on both devices', async () => {
  const masks: Tensor['dataSync'] extends () => infer V ? V[] : never[] = [];
  for (const device of ['cpu', 'wasm'] as const) {
    await useDevice(device);
    masks.push(dropout(tensor(numbers(1000)), 0.5, { seed: 2 ** 33 + 5 }).dataSync());
    expect(sum(tensor([1])).dataSync()[0]).toBe(1);
  }
  expect(masks[0]).toEqual(masks[1]);
});

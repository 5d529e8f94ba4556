// In a page: every op of @llm/tensor, forward and backward, on wasm as on cpu, with the threads that the page may have.
import * as t from '@llm/tensor';
import { expectClose, numbers } from '@llm/testing';
import { describe, expect, test } from 'vitest';
import { ops, runOp } from '../devices/op-table.ts';

// Set by vitest.browser.config.ts.
declare const crossOriginIsolationWanted: boolean;

describe.each([['as picked', {}], ['without relaxed SIMD', { relaxedSimd: false }]])('wasm %s', (_name, options) => {
  test('threads are used exactly where the page is isolated, and the notes say why not', async () => {
    const { threads, notes } = await t.useDevice('wasm', options);
    if (crossOriginIsolationWanted) expect(threads).toBe(Math.min(16, navigator.hardwareConcurrency));
    else expect(threads).toBe(1);
    expect(notes.some((note) => note.includes('COOP: same-origin and COEP: require-corp'))).toBe(!crossOriginIsolationWanted && navigator.hardwareConcurrency > 1);
  });

  test.each(Object.entries(ops))('%s is what it is on cpu', async (_op, op) => {
    await t.useDevice('cpu');
    const expected = await runOp(op);
    await t.useDevice('wasm', options);
    const before = t.memory().tensors;
    (await runOp(op)).forEach((values, i) => expectClose(values, expected[i]!, { tolerance: 2e-5, name: i === 0 ? 'value' : `gradient of input ${i - 1}` }));
    expect(t.memory().tensors).toBe(before);
  });
});

describe('webgpu', () => {
  test.each(Object.entries(ops))('%s is what it is on cpu', async (_op, op) => {
    await t.useDevice('cpu');
    const expected = await runOp(op);
    await t.useDevice('webgpu');
    const before = t.memory().tensors;
    (await runOp(op)).forEach((values, i) => expectClose(values, expected[i]!, { tolerance: 1e-4, name: i === 0 ? 'value' : `gradient of input ${i - 1}` }));
    expect(t.memory().tensors).toBe(before);
  });
});

test('the optimizer\'s kernels', async () => {
  const results: Float32Array[] = [];
  for (const device of ['cpu', 'wasm', 'webgpu'] as const) {
    await t.useDevice(device);
    const entry = { param: t.tensor(numbers(70, 1)), grad: t.tensor(numbers(70, 2)), m: t.zeros([70]), v: t.zeros([70]), lr: 0.1, weightDecay: 0.1 };
    t.adamwUpdate([entry], { beta1: 0.9, beta2: 0.99, eps: 1e-8, step: 1, gradScale: 1 / (await t.globalNorm([entry.grad]).data())[0]! });
    results.push((await entry.param.data()).slice() as Float32Array);
  }
  expectClose(results[1]!, results[0]!, { tolerance: 2e-6 });
  expectClose(results[2]!, results[0]!, { tolerance: 2e-6 });
});

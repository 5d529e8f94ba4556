import { askedDevices } from '@llm/kernels';
import { numbers } from '@llm/testing';
import { exp, log, mul, square, sub, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { memory } from '../device/memory.ts';
import { type DeviceName, useDevice } from '../device/use-device.ts';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';
import { linearLoss } from './linear-loss.ts';
import { cappedHead } from './soft-cap.ts';

const [rows, width, vocab] = [7, 3, 11];
const states = (): Tensor => tensor(numbers(rows * width, 1), [rows, width]);
const matrix = (): Tensor => tensor(numbers(vocab * width, 2), [vocab, width]);
/** Σ (logsumexp − ½ z²): each logit matters in its own way. */
const odd = (logits: Tensor): Tensor => sub(sum(log(sum(exp(logits), -1))), mul(0.5, sum(square(logits))));

const close = async (actual: Tensor, wanted: Tensor): Promise<void> => {
  const [a, b] = await Promise.all([actual.data(), wanted.data()]);
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => { expect(Math.abs(value - b[i]!), `${i}: ${b[i]} but found ${value}`).toBeLessThan(5e-6); });
};

describe.each([...new Set<DeviceName>(['cpu', ...askedDevices() as DeviceName[]])])('linearLoss on %s', (device) => {
  beforeEach(async () => { await useDevice(device); });

  test.each([1, 2, 3, 7, 100, [4, 1, 2]])('in chunks of %j rows it is the loss of all logits at once, and so are its gradients', async (chunkRows) => {
    const whole = valueAndGrad((p: { h: Tensor; w: Tensor }) => mul(odd(linear(p.h, p.w)), 0.25))({ h: states(), w: matrix() });
    const parts = valueAndGrad((p: { h: Tensor; w: Tensor }) => linearLoss(p.h, p.w, odd, { chunkRows, denominator: 4 }))({ h: states(), w: matrix() });
    await close(parts.value, whole.value);
    await close(parts.grads['h']!, whole.grads['h']!);
    await close(parts.grads['w']!, whole.grads['w']!);
  });

  test('a head that applies itself is trained through its own tensors, and a frozen one gets nothing', async () => {
    const twice = (inner: Tensor): Weight => ({ shape: inner.shape, tensors: { inner }, with: ({ inner: other }) => twice(other!), apply: (x) => mul(linear(x, inner), 2) });
    const whole = valueAndGrad((p: { h: Tensor; w: Weight }) => odd(linear(p.h, p.w)))({ h: states(), w: twice(matrix()) });
    const parts = valueAndGrad((p: { h: Tensor; w: Weight }) => linearLoss(p.h, p.w, odd, { chunkRows: 2 }))({ h: states(), w: twice(matrix()) });
    await close(parts.grads['w.inner']!, whole.grads['w.inner']!);
    const frozen = valueAndGrad((p: { h: Tensor; w: Weight }) => linearLoss(p.h, p.w, odd, { chunkRows: 2 }), { trainable: (path) => path === 'h' })({ h: states(), w: twice(matrix()) });
    expect(Object.keys(frozen.grads)).toEqual(['h']);
    await close(frozen.grads['h']!, whole.grads['h']!);
  });

  test('a capped head, a range of rows for each chunk, and a denominator on the device', async () => {
    const seen: number[] = [];
    const run = (p: { h: Tensor; w: Tensor }): Tensor => linearLoss(p.h, cappedHead(p.w, { cap: 2 }), (logits, { from, count }) => {
      seen.push(from, count, logits.shape[0]!);
      return odd(logits);
    }, { chunkRows: 4, denominator: tensor(2) });
    const parts = valueAndGrad(run)({ h: states(), w: matrix() });
    const whole = valueAndGrad((p: { h: Tensor; w: Tensor }) => mul(odd(linear(p.h, cappedHead(p.w, { cap: 2 }))), 0.5))({ h: states(), w: matrix() });
    expect(seen).toEqual([0, 4, 4, 4, 3, 3]);
    await close(parts.grads['w']!, whole.grads['w']!);
    await close(parts.grads['h']!, whole.grads['h']!);
  });

  test('shapes that do not fit, several numbers, and no rows are refused', () => {
    expect(() => linearLoss(tensor([[1, 2]]), matrix(), odd)).toThrow('linearLoss: expected hidden [..., width] and weight [vocabulary, width] but found [1, 2] and [11, 3]');
    expect(() => linearLoss(states(), matrix(), (logits) => sum(logits, -1))).toThrow('expected the loss of 7 rows to be one number but found shape [7]');
    expect(() => linearLoss(states(), matrix(), odd, { chunkRows: [4, 2] })).toThrow('expected chunks of 7 rows in all but found 4, 2');
    expect(() => linearLoss(tensor([], [0, 3]), matrix(), odd)).toThrow('expected at least one row but found none');
    expect(() => valueAndGrad((p: { h: Tensor }) => linearLoss(p.h, matrix(), () => tensor(1)))({ h: states() })).toThrow('expected the loss to depend on its logits');
  });
});

describe('memory', () => {
  afterAll(async () => { await useDevice(); });

  test('holds a chunk of logits, whatever the number of rows, and leaves nothing behind', async () => {
    const peak = async (count: number, run: (h: Tensor, w: Tensor) => Tensor): Promise<number> => {
      await useDevice('wasm', { threads: 2, maxBytes: 2 ** 31 - 65_536 * (count + 1) });
      const [h, w] = [tensor(new Float32Array(count * 8).fill(0.1), [count, 8]), tensor(new Float32Array(4096 * 8).fill(0.1), [4096, 8])];
      const { usedBytes } = memory();
      const { value, grads } = valueAndGrad((p: { h: Tensor; w: Tensor }) => run(p.h, p.w))({ h, w });
      const { peakBytes } = memory();
      for (const made of [value, ...Object.values(grads)]) made.dispose();
      expect(memory().usedBytes).toBe(usedBytes);
      return peakBytes - usedBytes;
    };
    const chunked = (h: Tensor, w: Tensor): Tensor => linearLoss(h, w, (logits) => sum(square(logits)), { chunkRows: 96 });
    const [few, many] = [await peak(192, chunked), await peak(1536, chunked)];
    // Eight times the rows: only states and their gradients grow.
    expect(many - few).toBeLessThan(6 * 4 * 8 * (1536 - 192));
    expect(many).toBeLessThan(4 * 1536 * 4096 / 3);
  });
});

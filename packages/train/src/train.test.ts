import { disposeTree, div, dropout, flatten, memory, mul, sqrt, square, sub, sum, type Tensor, tensor, useDevice, valuesInPlace } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { adamw } from './adamw.ts';
import { NonFiniteError } from './guard.ts';
import { sgd } from './sgd.ts';
import { startTraining, type Step, train } from './train.ts';
import type { LossContext } from './training-state.ts';

/** Σ (w · x − y)² / denominator over rows of any number. */
interface Batch { readonly x: number[]; readonly y: number[]; readonly targetCount: number }
type Params = { w: Tensor; b: Tensor };

const batchOf = (x: number[], y: number[]): Batch => ({ x, y, targetCount: x.length });
const line = (count: number, first = 0): Batch => {
  const x = Array.from({ length: count }, (_, i) => Math.sin(first + i));
  return batchOf(x, x.map((value) => 3 * value - 1));
};
const loss = ({ w, b }: Params, { x, y }: Batch, { denominator }: LossContext): Tensor => div(sum(square(sub(mul(w, tensor(x)), sub(tensor(y), b)))), denominator);
const start = (): Params => ({ w: tensor([0.5]), b: tensor([0.25]) });
const valuesOf = (params: Params): number[] => Object.values(flatten(params)).flatMap((leaf) => [...leaf.dataSync()]);

async function run<B extends { targetCount: number }>(options: Parameters<typeof train<Params, B>>[0]): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of train(options)) steps.push(step);
  return steps;
}

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device, { threads: 2 }); });

  test('one step of SGD is the arithmetic on paper', async () => {
    const params: Params = { w: tensor([2]), b: tensor([1]) };
    // w x + b − y = 2·1 + 1 − 1 = 2 and 2·3 + 1 − 9 = −2: L = (4 + 4) / 2 = 4
    // dL/dw = (2·2·1 + 2·(−2)·3) / 2 = −4, dL/db = (4 − 4) / 2 = 0, norm 4; lr 0.1 → w = 2 + 0.4
    const [step] = await run({ params, loss, batches: [batchOf([1, 3], [1, 9])], optimizer: sgd({ lr: 0.1 }), clipNorm: Infinity });
    expect(step).toMatchObject({ index: 0, loss: 4, gradNorm: 4, lr: 0.1, targets: 2, tokens: 2 });
    expectClose(valuesOf(params), [2.4, 1], { tolerance: 1e-6 });
  });

  test('a gradient longer than clipNorm is scaled to it', async () => {
    const params: Params = { w: tensor([2]), b: tensor([1]) };
    await run({ params, loss, batches: [batchOf([1, 3], [1, 9])], optimizer: sgd({ lr: 0.1 }), clipNorm: 2 });
    expectClose(valuesOf(params), [2.2, 1], { tolerance: 1e-6 });
  });

  test('accumulating equals one large batch, with micro-batches of unequal size', async () => {
    const parts = [line(3), line(1, 3), line(7, 4)];
    const whole = batchOf(parts.flatMap(({ x }) => x), parts.flatMap(({ y }) => y));
    const [a, b] = [start(), start()];
    const one = await run({ params: a, loss, batches: [whole, whole], optimizer: adamw({ lr: 0.1 }) });
    const three = await run({ params: b, loss, batches: [...parts, ...parts], accumulate: 3, optimizer: adamw({ lr: 0.1 }) });
    expect(three.length).toBe(2);
    expectClose(three.map(({ loss }) => loss), one.map(({ loss }) => loss), { tolerance: 1e-6 });
    expectClose(three.map(({ gradNorm }) => gradNorm), one.map(({ gradNorm }) => gradNorm), { tolerance: 1e-6 });
    expectClose(valuesOf(b), valuesOf(a), { tolerance: 1e-6 });
  });

  test('an update with values that are not finite is left out, and after three in a row the run stops', async () => {
    const params = start();
    const bad = batchOf([Number.NaN], [1]);
    const before = valuesOf(params);
    const steps: Step[] = [];
    const going = (async () => {
      for await (const step of train({ params, loss, batches: [bad, bad, line(4), bad, bad, bad, line(4)], optimizer: sgd({ lr: 0.01 }) })) {
        if (step.index === 1) expect(valuesOf(params)).toEqual(before);
        steps.push(step);
      }
    })();
    await expect(going).rejects.toThrow(NonFiniteError);
    await expect(going).rejects.toMatchObject({ code: 'E_NON_FINITE', message: expect.stringContaining('3 steps in a row') as string });
    expect(steps.map(({ skipped }) => skipped !== undefined)).toEqual([true, true, false, true, true, true]);
    expect(valuesOf(params).every(Number.isFinite)).toBe(true);
    expect(valuesOf(params)).not.toEqual(before);
  });

  test('a gradient that is not finite is found where the loss still is', async () => {
    const params: Params = { w: tensor([0]), b: tensor([1]) };
    const steep = ({ w, b }: Params): Tensor => sum(mul(sqrt(w), b)); // the slope of √w at 0 is infinite
    const [step] = await run({ params, loss: steep, batches: [line(1)], optimizer: sgd({ lr: 0.1 }) });
    expect(step!.loss).toBe(0);
    expect(step!.skipped).toBe('loss 0, gradient norm Infinity: not finite');
    expect(valuesOf(params)).toEqual([0, 1]);
  });

  test('a spike is left out where asked, and training goes on', async () => {
    const params = start();
    const batches = [...Array.from({ length: 12 }, (_, i) => line(5, i)), batchOf([1], [1e4]), line(5), line(5)];
    const steps = await run({ params, loss, batches, optimizer: sgd({ lr: 1e-3 }), guard: { spikeZ: 6, window: 10 } });
    expect(steps.filter(({ skipped }) => skipped !== undefined).map(({ index }) => index)).toEqual([12]);
    expect(steps[12]!.skipped).toMatch(/^loss .* is .* standard deviations above its mean$/);
  });

  test('batches in which nothing counts change nothing', async () => {
    const params = start();
    const before = valuesOf(params);
    const [step] = await run({ params, loss, batches: [{ ...line(2), targetCount: 0 }], optimizer: adamw({ lr: 0.1 }) });
    expect(step!.skipped).toBe('no target counts in these batches');
    expect(valuesOf(params)).toEqual(before);
  });

  test('thirty steps leave no tensor behind, and after ten memory no longer grows', async () => {
    const params = start();
    const before = memory().tensors;
    const sizes: number[] = [];
    for await (const { index } of train({ params, loss, batches: Array.from({ length: 60 }, (_, i) => line(50 + (i % 3), i)), optimizer: adamw({ lr: 0.01 }) })) {
      if (index % 10 === 9) sizes.push(memory().usedBytes, memory().deviceBytes);
    }
    expect(memory().tensors).toBe(before);
    expect(sizes.slice(2)).toEqual(sizes.slice(0, -2));
  });

  test('a loss that throws leaves nothing behind, in the second micro-batch too', async () => {
    const params = start();
    const before = memory().tensors;
    let calls = 0;
    const failing = (p: Params, batch: Batch, context: LossContext): Tensor => {
      if (++calls === 2) throw new Error('mine');
      return loss(p, batch, context);
    };
    await expect(run({ params, loss: failing, batches: [line(2), line(2)], accumulate: 2, optimizer: adamw({ lr: 0.1 }) })).rejects.toThrow('mine');
    expect(memory().tensors).toBe(before);
  });

  test('going on with a kept state is the same to the bit as never having stopped', async () => {
    const batches = Array.from({ length: 12 }, (_, i) => line(4, i));
    const noisy = (p: Params, batch: Batch, context: LossContext): Tensor => loss({ ...p, w: dropout(p.w, 0.3, { seed: context.seed }) }, batch, context);
    const optimizer = adamw({ lr: (step) => 0.01 * (step + 1) });
    const options = { loss: noisy, optimizer, accumulate: 2, seed: 5 };
    const [whole, parts] = [start(), start()];
    await run({ ...options, params: whole, batches });
    const state = startTraining(parts, optimizer);
    await run({ ...options, params: parts, batches: batches.slice(0, 6), state });
    await run({ ...options, params: parts, batches: batches.slice(6), state });
    expect(valuesOf(parts)).toEqual(valuesOf(whole));
    expect(state).toMatchObject({ step: 6, tokens: 48 });
    disposeTree(state.optimizer);
  });

  test('only trainable leaves change and get a state', async () => {
    const params = start();
    const optimizer = adamw({ lr: 0.1 });
    const trainable = (path: string): boolean => path === 'w';
    const state = startTraining(params, optimizer, { trainable });
    await run({ params, loss, batches: [line(4)], optimizer, trainable, state });
    expect(Object.keys(state.optimizer)).toEqual(['m/w', 'v/w']);
    expect(valuesInPlace(params.b)[0]).toBe(0.25);
    expect(valuesInPlace(params.w)[0]).not.toBe(0.5);
    disposeTree(state.optimizer);
  });
});

describe('the loop', () => {
  beforeEach(async () => { await useDevice('cpu'); });
  const endless = function* (): Generator<Batch> { for (let i = 0; ; i++) yield line(2, i); };
  const optimizer = adamw({ lr: 1e-3 });

  test('stops after `steps`, and draws no batch more than it takes', async () => {
    let drawn = 0;
    const counting = function* (): Generator<Batch> { for (const batch of endless()) { drawn++; yield batch; } };
    expect((await run({ params: start(), loss, batches: counting(), optimizer, steps: 3, accumulate: 2 })).length).toBe(3);
    expect(drawn).toBe(6);
    const state = { ...startTraining(start(), optimizer), step: 3 };
    expect(await run({ params: start(), loss, batches: counting(), optimizer, steps: 3, state })).toEqual([]);
    expect(drawn).toBe(6);
  });

  test('lets timers run between steps, so that a signal can end it', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const steps = await run({ params: start(), loss, batches: endless(), optimizer, signal: controller.signal });
    expect(steps.length).toBeGreaterThan(0);
  });

  test('breaking out frees the state that it made', async () => {
    const params = start();
    const before = memory().tensors;
    for await (const step of train({ params, loss, batches: endless(), optimizer })) if (step.index === 2) break;
    expect(memory().tensors).toBe(before);
  });

  test.each([
    [{ accumulate: 0 }, 'expected accumulate to be a whole number from 1 on but found 0'],
    [{ accumulate: 1.5 }, 'found 1.5'],
    [{ clipNorm: 0 }, 'expected clipNorm > 0 but found 0'],
    [{ steps: 0 }, 'expected steps to be a whole number from 1 on but found 0'],
    [{ optimizer: adamw({ lr: () => -1 }) }, 'learning rate at step 0: expected a learning rate above 0'],
    [{ trainable: () => false }, 'expected at least one trainable leaf'],
  ])('refuses %o', async (options, message) => {
    const params = start();
    const before = memory().tensors;
    await expect(run({ params, loss, batches: endless(), optimizer, ...options })).rejects.toThrow(message);
    expect(memory().tensors).toBe(before);
  });
});

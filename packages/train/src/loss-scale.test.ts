import { div, mul, square, sub, sum, type Tensor, tensor, useDevice } from '@llm/tensor';
import { beforeEach, describe, expect, test } from 'vitest';
import { adamw } from './adamw.ts';
import { lossScaler, startLossScale } from './loss-scale.ts';
import { startTraining, train } from './train.ts';
import type { LossContext } from './training-state.ts';

test('an overflow halves the factor, and 2000 steps without one double it', () => {
  const scaler = lossScaler(startLossScale());
  expect(scaler.state).toEqual({ scale: 65_536, good: 0 });
  expect(scaler.judge(false)).toBe('gradients overflowed in half precision: the loss scale goes from 65536 to 32768');
  for (let i = 0; i < 1999; i++) expect(scaler.judge(true)).toBeUndefined();
  expect(scaler.state).toEqual({ scale: 32_768, good: 1999 });
  scaler.judge(true);
  expect(scaler.state).toEqual({ scale: 65_536, good: 0 });
  // A factor of 1 cannot be lowered: then it is no overflow, and the guard must judge.
  const least = lossScaler({ scale: 1, good: 7 });
  expect(least.judge(false)).toBeUndefined();
  expect(least.state).toEqual({ scale: 1, good: 0 });
  expect(() => startLossScale({ initial: 0 })).toThrow('expected an initial loss scale of 1 or more but found 0');
});

describe('training with a scaled loss', () => {
  interface Params { readonly w: Tensor; readonly [name: string]: Tensor }
  interface Batch { readonly targetCount: number; readonly x: number; readonly y: number }
  const loss = ({ w }: Params, { x, y }: Batch, { denominator }: LossContext): Tensor => div(sum(square(sub(mul(w, x), y))), denominator);
  const batches: Batch[] = Array.from({ length: 6 }, (_, i) => ({ targetCount: 1, x: 1 + i, y: 2 }));
  const optimizer = adamw({ lr: 0.05 });
  beforeEach(async () => { await useDevice('cpu'); });

  const run = async (options: object): Promise<{ losses: number[]; norms: number[]; w: number }> => {
    const params: Params = { w: tensor([0.5]) };
    const found = { losses: [] as number[], norms: [] as number[] };
    for await (const step of train({ params, loss, batches, optimizer, ...options })) {
      found.losses.push(step.loss);
      found.norms.push(step.gradNorm);
    }
    return { ...found, w: (await params.w.data())[0]! };
  };

  test('a power of two as the factor changes no bit: the loss, the norm and the update are as without', async () => {
    const plain = await run({});
    expect(await run({ lossScale: { initial: 1024 } })).toEqual(plain);
    expect(plain.losses.length).toBe(6);
  });

  test('a step that overflows is left out, lowers the factor, and is no bad step for the guard', async () => {
    const params: Params = { w: tensor([0.5]) };
    const state = startTraining(params, optimizer);
    const steps = [];
    // 2^127 times these gradients is more than float32 holds.
    for await (const step of train({ params, loss, batches, optimizer, state, lossScale: { initial: 2 ** 127, backoff: 2 ** -20 }, guard: { maxBad: 1 } })) steps.push(step);
    expect(steps[0]!.skipped).toContain('the loss scale goes from 1.7014118346046923e+38 to');
    expect(steps.slice(1).every(({ skipped }) => skipped === undefined)).toBe(true);
    expect(state.lossScale).toEqual({ scale: 2 ** 107, good: 5 });
  });
});

import { askedDevices } from '@llm/kernels';
import { add, disposeTree, matMul, square, sub, sum, type Tensor, tensor, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { muon } from './muon.ts';
import { startTraining, train } from './train.ts';

interface Params { readonly w: Tensor; readonly b: Tensor; readonly [name: string]: Tensor }
interface Batch { readonly targetCount: number; readonly x: Float32Array }

/** A graphics card only where it was asked for; then it must be there. */
const devices = [...new Set(['cpu', 'wasm', ...askedDevices()])] as ('cpu' | 'wasm' | 'webgpu')[];
const optimizer = muon({ lr: (step) => 0.1 / (step + 1), adamw: { lr: 0.05 } });
const loss = ({ w, b }: Params, { x }: Batch): Tensor => sum(square(sub(add(matMul(tensor(x, [1, 3]), w), b), 1)));
const batches = [[1, 2, 3], [-1, 0.5, 2], [Infinity, 1, 1]].map((values): Batch => ({ targetCount: 1, x: Float32Array.from(values) }));

describe.each(devices)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device); });

  const run = async (steps: number, compile: boolean): Promise<{ skipped: (string | undefined)[]; values: Record<string, number[]> }> => {
    const params: Params = { w: tensor([[1, -2], [0.5, 3], [2, 0]]), b: tensor([0.25, 0]) };
    const state = startTraining(params, optimizer);
    const skipped: (string | undefined)[] = [];
    for await (const step of train({ params, loss, batches, optimizer, state, steps, compile })) skipped.push(step.skipped);
    const values: Record<string, number[]> = {};
    for (const [name, each] of Object.entries({ ...params, ...state.optimizer })) values[name] = [...await each.data()];
    disposeTree(params);
    disposeTree(state.optimizer);
    return { skipped, values };
  };

  test.each([false, true])('a step that is not finite changes neither parameters nor state, to the bit (compile: %s)', async (compile) => {
    const two = await run(2, compile);
    const three = await run(3, compile);
    expect(Object.keys(three.values)).toEqual(['w', 'b', 'momentum/w', 'm/b', 'v/b']);
    expect(two.skipped).toEqual([undefined, undefined]);
    expect(three.skipped[2]).toContain('not finite');
    expect(three.values).toEqual(two.values);
    expect((await run(1, compile)).values['w']).not.toEqual(two.values['w']);
  });
});

test('rates are those of both halves: the rate of the matrices, then what AdamW says', () => {
  const rates = optimizer.rates!(1);
  expect(rates.slice(0, 2)).toEqual([0.05, 0.05]);
  expect(rates[2]).toBeCloseTo(1 - 0.9 ** 2, 12);
  expect(rates[3]).toBeCloseTo(1 - 0.999 ** 2, 12);
});

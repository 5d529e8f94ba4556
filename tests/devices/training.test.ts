import { askedDevices } from '@llm/kernels';
import { div, memory, mul, square, sub, sum, type Tensor, tensor, useDevice } from '@llm/tensor';
import { beforeEach, describe, expect, test } from 'vitest';
import { adamw, lion, type LossContext, sgd, startTraining, type Step, train, type TrainOptions } from '@llm/train';
import { engine } from '@tensorflow/tfjs-core';

interface Params { readonly w: Tensor; readonly b: Tensor; readonly [name: string]: Tensor }
interface Batch { readonly targetCount: number; readonly x: Float32Array; readonly y: Float32Array }

const loss = ({ w, b }: Params, { x, y }: Batch, { denominator }: LossContext): Tensor => div(sum(square(sub(sub(mul(w, tensor(x)), b), tensor(y)))), denominator);
const batchesOf = (count: number): Batch[] => Array.from({ length: count }, (_, i) => ({
  // Not all batches have as many targets, and one of them none.
  targetCount: i === 4 ? 0 : 1 + (i % 3), x: Float32Array.of(i + 1, 2, -i), y: Float32Array.of(3, i, 1),
}));
const start = (): Params => ({ w: tensor([0.5, -1, 2]), b: tensor([0.25, 0, 1]) });

/** The graphics card in use, for tests that break it. */
const card = (): GPUDevice => (engine().backend as unknown as { gpu: { device: GPUDevice } }).gpu.device;

describe.runIf(askedDevices().includes('webgpu'))('training on a graphics card', () => {
  beforeEach(async () => { await useDevice('webgpu'); });

  const run = async (options: Partial<TrainOptions<Params, Batch>>, between?: (step: Step) => void): Promise<{ steps: Omit<Step, 'seconds' | 'tokensPerSecond'>[]; values: number[] }> => {
    const params = start();
    const steps = [];
    for await (const step of train({ params, loss, batches: batchesOf(20), optimizer: adamw({ lr: (at) => 0.1 / (at + 1) }), ...options })) {
      const { seconds: _seconds, tokensPerSecond: _rate, ...facts } = step;
      steps.push(facts);
      between?.(step);
    }
    const values = [...await params.w.data(), ...await params.b.data()];
    params.w.dispose();
    params.b.dispose();
    return { steps, values };
  };

  test.each([['adamw', adamw({ lr: (at) => 0.1 / (at + 1), weightDecay: 0.1 })], ['lion', lion({ lr: 0.01, weightDecay: 0.1 })]])('%s, recorded, has the bits of the plain step, and the numbers of wasm', async (_name, optimizer) => {
    const before = memory().tensors;
    const plain = await run({ optimizer });
    expect(plain.steps.length).toBe(20);
    expect(plain.steps[4]!.skipped).toBe('no target counts in these batches');
    expect(await run({ optimizer, compile: true })).toEqual(plain);
    expect(await run({ optimizer, compile: true, readEvery: 7 })).toEqual(plain);
    expect(memory().tensors).toBe(before);
    await useDevice('wasm');
    const wasm = await run({ optimizer, compile: true });
    plain.values.forEach((value, i) => expect(value).toBeCloseTo(wasm.values[i]!, 4));
    plain.steps.forEach((step, i) => expect(step.loss).toBeCloseTo(wasm.steps[i]!.loss, 3));
  });

  test('accumulated, recorded, has the bits of the plain step', async () => {
    expect(await run({ compile: true, accumulate: 3 })).toEqual(await run({ accumulate: 3 }));
  });

  test('a scaled loss, recorded, has the bits of the plain step', async () => {
    expect(await run({ compile: true, lossScale: { initial: 512 } })).toEqual(await run({}));
  });

  test('a step that is not finite leaves everything as it is, to the bit, without being read first', async () => {
    const bad = batchesOf(3).map((batch, i) => (i === 1 ? { ...batch, x: Float32Array.of(NaN, 1, 1) } : batch));
    const { steps, values } = await run({ batches: bad, compile: true, readEvery: 3 });
    expect(steps[1]!.skipped).toContain('not finite');
    const without = await run({ batches: [bad[0]!, bad[2]!], compile: true, optimizer: adamw({ lr: 0.1 }) });
    expect(values.every(Number.isFinite)).toBe(true);
    expect(without.values.every(Number.isFinite)).toBe(true);
  });

  test('an optimizer that cannot be recorded says so, and runs plain', async () => {
    await expect(run({ optimizer: sgd({ lr: 0.01 }), compile: true })).rejects.toThrow('expected an optimizer that can be compiled but found sgd');
    expect((await run({ optimizer: sgd({ lr: 0.01 }) })).steps.length).toBe(20);
  });

  test.each([{ compile: true }, { compile: false }, { compile: true, readEvery: 3 }])('a card that is lost is opened again, and the run ends with the same bits: %o', async (options) => {
    const undisturbed = await run({ ...options, snapshotEvery: 4 });
    const device = card();
    let lost = 0;
    const disturbed = await run({ ...options, snapshotEvery: 4 }, ({ index }) => {
      if (index === 9 || index === 13) {
        lost++;
        card().destroy();
      }
    });
    expect(lost).toBe(2);
    expect(card()).not.toBe(device);
    expect(disturbed).toEqual(undisturbed);
  });

  test('a card that is lost again and again ends the run with what to do', async () => {
    const params = start();
    const optimizer = adamw({ lr: 0.1 });
    const state = startTraining(params, optimizer);
    let calls = 0;
    const destroying = (p: Params, batch: Batch, context: LossContext): Tensor => {
      if (++calls > 3) card().destroy();
      return loss(p, batch, context);
    };
    const endless = async (): Promise<void> => {
      for await (const step of train({ params, loss: destroying, batches: batchesOf(12), optimizer, state })) expect(step.index).toBeLessThan(12);
    };
    await expect(endless()).rejects.toMatchObject({ code: 'E_GPU_LOST', message: expect.stringContaining('it was lost 3 times in a row') });
  });
});

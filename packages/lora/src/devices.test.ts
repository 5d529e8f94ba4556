// The same numbers on a graphics card, where one is asked for.
import { askedDevices } from '@llm/kernels';
import { int4, int8, linear, nf4, quantizedWeight, scope, tensor, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose, numbers } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapterOf, attach, disposeAdapter, trainable } from './adapter.ts';
import { adapterCase, causalLoss, goldenBatches, goldenModel, readFixture } from './fixtures/golden.ts';
import { lora } from './lora.ts';
import { merge } from './merge.ts';
import { readPeft } from './peft/read-peft.ts';
import { prefixTuning } from './prompt/prefix-tuning.ts';
import { prompted } from './prompt/prompted.ts';
import { quantizeBase } from './quantize-base.ts';

const { runs } = JSON.parse(readFixture('peft/trajectories.json').toString()) as { runs: Record<string, { losses_float64: number[] }> };

describe.runIf(askedDevices().includes('webgpu'))('webgpu', () => {
  beforeAll(async () => { await useDevice('webgpu'); });

  test.each([['llama-lora', false], ['llama-lora', true], ['gpt2-dora', false]])('%s: PEFT\'s losses, recorded: %s', async (name, compile) => {
    const base = name.split('-')[0]!;
    const { model, params } = goldenModel(base);
    const { batches, shape } = goldenBatches(base);
    const adapted = attach(params, readPeft(adapterCase(name).files).adapter);
    const optimizer = adamw({ lr: 1e-3, beta1: 0.9, beta2: 0.95, weightDecay: 0.1, decays: () => true });
    const losses: number[] = [];
    for await (const step of train({ params: adapted, loss: causalLoss(model, shape), batches: batches.slice(0, 4), optimizer, trainable: trainable(adapted), compile })) losses.push(step.loss);
    expectClose(losses, runs[name]!.losses_float64.slice(0, 4), { tolerance: 1e-4 });
    disposeAdapter(adapterOf(adapted));
  });

  test.each([['int8', int8()], ['int4', int4()], ['nf4', nf4()], ['nf4, scales too', nf4({ doubleQuantized: true })]])('%s: products are those of the cpu', async (_name, format) => {
    const run = async (): Promise<ArrayLike<number>> => {
      const weight = quantizedWeight(numbers(40 * 24), { shape: [40, 24], format });
      return (await scope(() => linear(tensor(numbers(48, 2), [2, 24]), weight)).data()).slice();
    };
    await useDevice('cpu');
    const expected = await run();
    await useDevice('webgpu');
    expectClose(await run(), expected, { tolerance: 1e-5 });
  });

  test('QLoRA and a prefix learn, and merging gives the same states', async () => {
    const { model, params } = goldenModel('gpt2');
    const { batches, shape } = goldenBatches('gpt2');
    const small = lora(await quantizeBase(params), { targets: ['c_attn', 'c_fc'], rank: 2 });
    for (const [tree, of] of [[small, model], [prefixTuning(params, { tokens: 2, model }), prompted(model)]] as const) {
      const losses: number[] = [];
      for await (const step of train({ params: tree, loss: causalLoss(of, shape), batches: Array.from({ length: 5 }, () => batches[0]!), optimizer: adamw({ lr: 0.03 }), trainable: trainable(tree) })) losses.push(step.loss);
      expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    }
    const states = async (tree: typeof small): Promise<ArrayLike<number>> => scope(() => model.hidden(tree, { ids: tensor([3, 4, 5], [1, 3], 'int32') })).data();
    expectClose(await states(await merge(small)), await states(small), { tolerance: 1e-4 });
  });
});

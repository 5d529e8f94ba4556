// Ten steps of training adapters that PEFT wrote, against PEFT's own losses.
import { disposeTree, flatten, useDevice, type Tree } from '@llm/tensor';
import { adamw, type Optimizer, train } from '@llm/train';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapterCase, causalLoss, goldenBatches, goldenModel, readFixture } from './fixtures/golden.ts';
import { attach, disposeAdapter, trainable } from './adapter.ts';
import { readPeft } from './peft/read-peft.ts';
import { loraPlus } from './schedule/loraplus.ts';

interface Run { losses: number[]; losses_float64: number[] }
const { runs } = JSON.parse(readFixture('peft/trajectories.json').toString()) as { runs: Record<string, Run> };

async function run(name: string, optimizer: Optimizer, { checkpointed = false }: { checkpointed?: boolean } = {}): Promise<{ losses: number[]; changed: string[] }> {
  const base = name.split('-')[0]!;
  const { model, params } = goldenModel(base);
  const { batches, shape } = goldenBatches(base);
  const { adapter } = readPeft(adapterCase(name).files);
  const adapted = attach(params, adapter);
  const before = Object.fromEntries(Object.entries(flatten(adapted)).map(([path, value]) => [path, value.dataSync().slice()]));
  const losses: number[] = [];
  for await (const step of train({ params: adapted, loss: causalLoss(model, shape, { checkpointed }), batches, optimizer, trainable: trainable(adapted) })) losses.push(step.loss);
  const changed = Object.entries(flatten(adapted)).filter(([path, value]) => value.dataSync().some((each, i) => each !== before[path]![i])).map(([path]) => path);
  disposeAdapter(adapter);
  disposeTree(params as Tree);
  return { losses, changed };
}

const plain = (): Optimizer => adamw({ lr: 1e-3, beta1: 0.9, beta2: 0.95, weightDecay: 0.1, decays: () => true });

describe.each(['llama-lora', 'llama-dora', 'gpt2-lora', 'gpt2-dora'])('%s', (name) => {
  beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

  test('the losses are PEFT\'s, whole and with recomputed layers; only the adapter changes; nothing stays', async () => {
    for (const options of [{}, { checkpointed: true }]) {
      const { losses, changed } = await run(name, plain(), options);
      expectClose(losses, runs[name]!.losses_float64, { tolerance: 1e-4 });
      expect(changed.length).toBeGreaterThan(0);
      const { params } = goldenModel(name.split('-')[0]!);
      const { adapter } = readPeft(adapterCase(name).files);
      const wanted = trainable(attach(params, adapter));
      expect(changed.filter((path) => !wanted(path))).toEqual([]);
      disposeAdapter(adapter);
      disposeTree(params);
    }
  });
});

test('LoRA+: B learns sixteen times as fast, as PEFT has it', async () => {
  await useDevice('wasm', { threads: 2 });
  const { losses } = await run('llama-rslora', adamw({ lr: 1e-3, beta1: 0.9, beta2: 0.95, weightDecay: 0, lrScale: loraPlus({ ratio: 16 }) }));
  expectClose(losses, runs['llama-rslora with LoRA+ 16']!.losses_float64, { tolerance: 1e-4 });
});

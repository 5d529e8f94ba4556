// Training with chance in it: the recorded step is one recording, and drops at each step what the plain one drops.
import { askedDevices, type GpuDevice } from '@llm/kernels';
import { dropoutLoss, isAdapterWeight, lora, trainable } from '@llm/lora';
import { createModel } from '@llm/model';
import { plainExample, sftLoss, toBatch } from '@llm/sft';
import { disposeTree, dropout, leaves, memory, mul, ones, sum, type Tensor, tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, type Counted, type LossContext, train } from '@llm/train';
import { engine } from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';

const STEPS = 20;
const gpu = (): GpuDevice | undefined => (engine().backend as unknown as { gpu?: GpuDevice }).gpu;
const adapts = (params: Tree): boolean => leaves(params).some(([, leaf]) => isAdapterWeight(leaf));
type Loss<B> = (params: Tree, batch: B, context: LossContext) => Tensor;

interface Found { readonly losses: number[]; readonly norms: number[]; readonly buffers: number[]; readonly recordings: number }

async function run<B extends { readonly targetCount: number }>(
  make: () => Tree, loss: Loss<B>, { compile, batches, lr, accumulate = 1, seed = 0 }: { compile: boolean; batches: Iterable<B>; lr: number; accumulate?: number; seed?: number },
): Promise<Found> {
  const params = make();
  const card = gpu();
  const record = card === undefined ? undefined : vi.spyOn(card, 'record');
  const created = (): number => card?.stats().buffersCreated ?? 0;
  const found = { losses: [] as number[], norms: [] as number[], buffers: [] as number[] };
  let before = created();
  for await (const step of train({ params, loss, batches, optimizer: adamw({ lr: () => lr }), steps: STEPS, accumulate, seed, compile, ...(adapts(params) ? { trainable: trainable(params) } : {}) })) {
    const now = created();
    found.losses.push(step.loss);
    found.norms.push(step.gradNorm);
    found.buffers.push(now - before);
    before = now;
  }
  const recordings = record?.mock.calls.length ?? 0;
  record?.mockRestore();
  disposeTree(params);
  return { ...found, recordings };
}

describe.runIf(askedDevices().includes('webgpu'))('on a graphics card', () => {
  const shape = { model_type: 'gpt2', vocab_size: 31, n_positions: 16, n_embd: 16, n_head: 2, n_layer: 1 } as const;
  const [plainModel, droppingModel] = [createModel({ ...shape, resid_pdrop: 0, embd_pdrop: 0 }), createModel({ ...shape, resid_pdrop: 0.2, embd_pdrop: 0.2 })];
  const batch = toBatch(Array.from({ length: 3 }, (_, i) => [plainExample(Array.from({ length: 5 + 3 * i }, (__, j) => 1 + ((i * 5 + j * j) % 30)))]));
  const adapted = (): Tree => lora(plainModel.init(1), { targets: ['c_attn', 'c_proj'], rank: 4, dropout: 0.3 });

  const whole: Record<string, [make: () => Tree, loss: Loss<typeof batch>]> = {
    'dropout of a model': [() => droppingModel.init(1), sftLoss(droppingModel, { dropout: true })],
    'dropout of a model and its adapter, noise, and layers that are run again': [adapted, dropoutLoss(sftLoss(droppingModel, { dropout: true, neftuneAlpha: 10, checkpointed: true }))],
  };
  test.each(Object.entries(whole))('%s: twenty recorded steps are twenty plain ones to the bit, one recording, no buffer after the second', async (_name, [make, loss]) => {
    await useDevice('webgpu');
    const options = { batches: Array.from({ length: STEPS }, () => batch), lr: 1e-2 };
    const plain = await run(make, loss, { ...options, compile: false });
    const before = memory();
    const recorded = await run(make, loss, { ...options, compile: true });
    expect(recorded.losses).toEqual(plain.losses);
    expect(recorded.norms).toEqual(plain.norms);
    expect(plain.losses.length).toBe(STEPS);
    expect([plain.recordings, recorded.recordings]).toEqual([0, 1]);
    expect(recorded.buffers.slice(2)).toEqual(Array.from({ length: STEPS - 2 }, () => 0));
    expect(memory().tensors).toBe(before.tensors);
  });

  const alone: Record<string, [make: () => Tree, loss: (again: boolean) => Loss<typeof batch>]> = {
    'dropout of a model': [() => droppingModel.init(1), (checkpointed) => sftLoss(droppingModel, { dropout: true, checkpointed })],
    'dropout of an adapter': [adapted, (checkpointed) => dropoutLoss(sftLoss(plainModel, { checkpointed }))],
    'noise': [() => plainModel.init(1), (checkpointed) => sftLoss(plainModel, { neftuneAlpha: 10, checkpointed })],
  };
  test.each(Object.entries(alone))('%s: a model that stands still has another gradient at each replay, the same where its layers are run again', async (_name, [make, loss]) => {
    await useDevice('webgpu');
    const still = { batches: [batch, batch, batch], lr: 0, compile: true };
    const { norms } = await run(make, loss(false), still);
    expect(new Set(norms).size).toBe(3);
    expect((await run(make, loss(true), still)).norms).toEqual(norms);
  });

  // The loss spells out both masks: bit 2i is set where number i was kept in one micro-batch, bit 2i + 1 in the other.
  test('two micro-batches, two places and two steps drop different values, the same ones on every device and in a replay', async () => {
    const bits = 11;
    const spelt = [0, 1].map((which) => ({ targetCount: 1, places: Float32Array.from({ length: bits }, (_, i) => 2 ** (2 * i + which)) }));
    const batches = Array.from({ length: STEPS }, () => spelt).flat();
    // Halved, since what is kept is doubled.
    const loss = (site: number) => (params: Tree, { places }: (typeof spelt)[0], { seed }: LossContext): Tensor => (
      sum(mul(mul(dropout(ones([bits]), 0.5, { seed, site }), tensor(places)), mul(params['w'] as Tensor, 0.5)))
    );
    const masks = async (site: number, compile: boolean): Promise<number[]> => {
      const { losses } = await run(() => ({ w: tensor([1]) }), loss(site), { compile, batches, lr: 0, accumulate: 2, seed: 2 ** 32 + 3 });
      expect(losses.every(Number.isInteger)).toBe(true);
      return losses.flatMap((value) => [0, 1].map((which) => Array.from({ length: bits }, (_, i) => (Math.floor(value / 2 ** (2 * i + which)) % 2) * 2 ** i).reduce((a, b) => a + b)));
    };
    await useDevice('wasm');
    const onHost = await masks(0, false);
    await useDevice('webgpu');
    expect(await masks(0, false)).toEqual(onHost);
    expect(await masks(0, true)).toEqual(onHost);
    // 80 masks of 11 bits: by chance a pair or two are alike (80 · 79 / 2 / 2,048), but not ten.
    expect(new Set([...onHost, ...await masks(1, true)]).size).toBeGreaterThan(70);
  });

  test('after a card is lost the steps are run again with the seeds that they had', async () => {
    const learn = async (lostAt: number): Promise<number[]> => {
      await useDevice('webgpu');
      const params = { w: ones([32]) };
      const losses: number[] = [];
      const loss = ({ w }: typeof params, _: Counted, { seed }: LossContext): Tensor => sum(mul(dropout(w, 0.5, { seed }), w));
      for await (const step of train({ params, loss, batches: Array.from({ length: 6 }, () => ({ targetCount: 1 })), optimizer: adamw({ lr: 0.01 }), compile: true })) {
        losses.push(step.loss);
        if (step.index === lostAt) gpu()!.device.destroy();
      }
      disposeTree(params);
      return losses;
    };
    expect(await learn(3)).toEqual(await learn(-1));
  });
});

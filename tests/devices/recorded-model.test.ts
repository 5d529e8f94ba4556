// A whole language model, trained from packed text: the recorded step has the bits of the plain one, and makes no buffers.
import { askedDevices, type GpuDevice } from '@llm/kernels';
import { createModel } from '@llm/model';
import { batches, type CausalBatch, causalLoss, packDocuments } from '@llm/pretrain';
import { disposeTree, memory, useDevice } from '@llm/tensor';
import { adamw, cosine, muon, train } from '@llm/train';
import { engine } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';

const STEPS = 20;

/** Documents of unequal length, so that rows are packed, padded, and have unequal numbers of targets. */
const documents = Array.from({ length: 24 }, (_, i) => Array.from({ length: 5 + ((i * 7) % 23) }, (__, j) => 1 + ((i * 5 + j * j) % 40)));
const configs = {
  llama: { model_type: 'llama', vocab_size: 41, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 32 },
  small: { model_type: 'llama', vocab_size: 41, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 32 },
  gpt2: { model_type: 'gpt2', vocab_size: 41, n_positions: 32, n_embd: 32, n_head: 4, n_layer: 2 },
} as const;
const lr = cosine(1e-2, { warmupSteps: 3, steps: STEPS });
const optimizers = { adamw: adamw({ lr }), muon: muon({ lr, adamw: { lr } }) } as const;

const gpu = (): GpuDevice => (engine().backend as unknown as { gpu: GpuDevice }).gpu;

describe.runIf(askedDevices().includes('webgpu')).each([['llama', 'adamw'], ['gpt2', 'adamw'], ['small', 'muon']] as const)('%s with %s on a graphics card', (name, optimizer) => {
  beforeEach(async () => { await useDevice('webgpu'); });

  const run = async (compile: boolean, steps = STEPS): Promise<{ losses: number[]; norms: number[]; buffers: number[]; submits: number[]; dispatches: number[] }> => {
    const model = createModel(configs[name]);
    const params = model.init(1);
    const rows = packDocuments(documents, { length: 16, eos: 0 });
    const stream: Iterable<CausalBatch> = batches(rows, { batch: 4, seed: 3 });
    const found = { losses: [] as number[], norms: [] as number[], buffers: [] as number[], submits: [] as number[], dispatches: [] as number[] };
    let before = gpu().stats();
    for await (const step of train({ params, loss: causalLoss(model), batches: stream, optimizer: optimizers[optimizer], steps, compile })) {
      const now = gpu().stats();
      found.losses.push(step.loss);
      found.norms.push(step.gradNorm);
      found.buffers.push(now.buffersCreated - before.buffersCreated);
      found.submits.push(now.submits - before.submits);
      found.dispatches.push(now.dispatches - before.dispatches);
      before = now;
    }
    disposeTree(params);
    return found;
  };

  test('twenty recorded steps have the losses and norms of twenty plain ones, to the bit, and make no buffer after the second', async () => {
    const plain = await run(false);
    expect(plain.losses.length).toBe(STEPS);
    expect(plain.losses.at(-1)).toBeLessThan(plain.losses[0]! - 0.5);
    const recorded = await run(true);
    expect(recorded.losses).toEqual(plain.losses);
    expect(recorded.norms).toEqual(plain.norms);
    expect(recorded.buffers.slice(2)).toEqual(Array.from({ length: STEPS - 2 }, () => 0));
    // One for the step, one to read the loss; what was written for the next batch goes ahead of them.
    expect(Math.max(...recorded.submits.slice(2))).toBeLessThanOrEqual(4);
    expect(new Set(recorded.dispatches.slice(2)).size).toBe(1);
  });

  test('nothing is left behind', async () => {
    await run(true, 5);
    const { tensors, usedBytes } = memory();
    await run(true, 5);
    // Rotation tables stay with their model.
    expect(memory().tensors - tensors).toBeLessThanOrEqual(name !== 'gpt2' ? 2 : 0);
    expect(memory().usedBytes - usedBytes).toBeLessThanOrEqual(name !== 'gpt2' ? 16_384 : 0);
  });
});

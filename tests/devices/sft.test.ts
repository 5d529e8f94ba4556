import { askedDevices } from '@llm/kernels';
import { createModel } from '@llm/model';
import { batches, batchesInOrder, bfd, dft, type Example, nll, type Objective, sftLoss, tokenMetrics } from '@llm/sft';
import { disposeTree, memory, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { describe, expect, test } from 'vitest';

const model = createModel({
  model_type: 'llama', vocab_size: 61, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1,
  max_position_embeddings: 32, tie_word_embeddings: true,
});
const examples = [9, 3, 14, 2, 5, 11, 8, 7].map((size, d): Example => ({
  ids: Int32Array.from({ length: size }, (_, i) => ((d * 17 + i * 7) % 60) + 1), weights: Float32Array.from({ length: size }, (_, i) => Number(i >= size / 3)),
}));
const weighted = examples.map(({ ids, weights }) => ({ ids, weights: weights.map((weight, i) => weight * (i % 2 === 0 ? 0.5 : 1)) }));

/** Losses, norms and token accuracy of five steps on packed rows. */
async function run(device: 'wasm' | 'webgpu', { objective, given, compile = false, neftuneAlpha }: { objective: Objective; given: readonly Example[]; compile?: boolean; neftuneAlpha?: number }): Promise<number[]> {
  await useDevice(device);
  const params = model.init(1);
  const found: number[] = [];
  const rows = bfd(given, { length: 16 });
  const loss = sftLoss(model, { objective, ...(neftuneAlpha === undefined ? {} : { neftuneAlpha }) });
  const before = memory().tensors;
  const stream = batches(rows, { batch: 2, seed: 3, epochs: Infinity, padToMultipleOf: 16 });
  for await (const step of train({ params, loss, batches: stream, optimizer: adamw({ lr: 0.01 }), accumulate: 2, steps: 5, compile, seed: 4 })) found.push(step.loss, step.gradNorm);
  const { loss: nats, entropy, meanTokenAccuracy } = await tokenMetrics(model, params, { batches: batchesInOrder(rows, { batch: 3 }) });
  expect(memory().tensors - before).toBeLessThanOrEqual(2); // the rotation table stays with the model
  disposeTree(params);
  return [...found, nats, entropy, meanTokenAccuracy];
}

describe.runIf(askedDevices().includes('webgpu'))('fine-tuning on a graphics card', () => {
  test.each([
    ['nll', { objective: nll(), given: examples }], ['dft', { objective: dft(), given: examples }], ['nll with weights', { objective: nll(), given: weighted }],
    ['nll with noise', { objective: nll(), given: examples, neftuneAlpha: 5 }],
  ] as const)('%s: the numbers of wasm, and the same bits recorded', async (_name, options) => {
    const plain = await run('webgpu', options);
    expect(await run('webgpu', { ...options, compile: true })).toEqual(plain);
    expectClose(plain, await run('wasm', options), { tolerance: 1e-3 });
  });
});

import { adamwUpdate, disposeTree, flatten, linearCrossEntropy, memory, type Tensor, tensor, type Tree, useDevice, valueAndGrad, zeros } from '@llm/tensor';
import { afterAll, describe, expect, test } from 'vitest';
import { createModel } from './config/create-model.ts';
import { foldBias } from './layers/fold-bias.ts';
import { trainingMemory, type TrainingMemoryOptions } from './memory.ts';
import type { Model } from './model.ts';
import { GPT2_SMALL, llamaOfDepth, nanochatOfDepth } from './presets.ts';

let devices = 0;

/** The most bytes in use during one training step on a device of its own, parameters and optimizer state included. */
async function measured(model: Model, { batch, length, checkpointed = false }: TrainingMemoryOptions): Promise<number> {
  // Other options make another device, whose peak counts from zero.
  await useDevice('wasm', { threads: 2, maxBytes: 2 ** 31 - 65_536 * ++devices });
  const { usedBytes } = memory();
  const params = model.init(0);
  const flat = flatten(params);
  const state = Object.entries(flat).map(([path, { shape }]) => ({ path, m: zeros(shape), v: zeros(shape) }));
  const ids = tensor(Int32Array.from({ length: batch * length }, (_, i) => (i * 7) % model.shape.vocabSize), [batch, length], 'int32');
  const { value, grads } = valueAndGrad((params: Tree) => {
    const hidden = model.hidden(params, { ids }, { checkpointed });
    const bias = model.headBias?.(params);
    if (bias === undefined) return linearCrossEntropy(hidden, model.head(params), ids);
    const folded = foldBias(hidden, { head: model.head(params) as Tensor, bias });
    return linearCrossEntropy(folded.hidden, folded.head, ids);
  })(params);
  adamwUpdate(state.map(({ path, m, v }) => ({ param: flat[path]!, grad: grads[path]!, m, v, lr: 1e-3, weightDecay: 0 })), { beta1: 0.9, beta2: 0.99, eps: 1e-8, step: 1 });
  const { peakBytes } = memory();
  for (const tensors of [params, grads, ...state.map(({ m, v }) => ({ m, v }))]) disposeTree(tensors);
  value.dispose();
  ids.dispose();
  return peakBytes - usedBytes;
}

afterAll(async () => {
  await useDevice();
});

describe('trainingMemory', () => {
  const gemma = {
    vocabSize: 1024, hiddenSize: 128, intermediateSize: 512, layers: 3, heads: 2, kvHeads: 1, headDim: 64, maxPositions: 256, normEps: 1e-6, tied: true, attentionBias: false,
    activation: 'geluTanh', initStd: 0.02, queryScalar: 64, slidingLayers: [true, true, false], slidingWindow: 64, ropeTheta: 10_000, ropeScaling: { type: 'default' },
  } as const;
  const qwen = { modelType: 'qwen3', headDim: 32, qkNorm: true, heads: 4, kvHeads: 2 } as const;
  test.each([
    ['llama, a vocabulary in several chunks', llamaOfDepth(2, { vocabSize: 8192 }), 1, 512],
    ['llama, long', llamaOfDepth(2, { vocabSize: 256 }), 1, 1024],
    ['qwen3', { ...llamaOfDepth(2, { vocabSize: 256 }), ...qwen }, 2, 256],
    ['glm', { modelType: 'glm', vocabSize: 1024, hiddenSize: 128, layers: 3, heads: 2, maxPositions: 128, embeddingDropout: 0, outputDropout: 0, initStd: 0.02 }, 4, 128],
    ['bert', {
      modelType: 'bert', vocabSize: 1024, hiddenSize: 128, intermediateSize: 512, heads: 2, layers: 3, maxPositions: 128, typeVocabSize: 2, normEps: 1e-12,
      activation: 'gelu', hiddenDropout: 0, initStd: 0.02,
    }, 4, 128],
    ['nanochat', nanochatOfDepth(3, { vocabSize: 1024 }), 4, 128],
    ['gemma2', { ...gemma, modelType: 'gemma2', attentionSoftCap: 50, logitSoftCap: 30 }, 4, 128],
    ['gemma3', { ...gemma, modelType: 'gemma3_text', localRope: { ropeTheta: 10_000, ropeScaling: { type: 'default' } } }, 4, 128],
    ['gpt2', { ...GPT2_SMALL, vocabSize: 1024, hiddenSize: 128, intermediateSize: 512, heads: 2, layers: 3, bosId: 0, eosIds: [0] }, 4, 128],
  ] as const)('%s: within a tenth of what is measured', async (_, config, batch, length) => {
    const model = createModel(config);
    for (const checkpointed of [false, true]) {
      const found = await measured(model, { batch, length, checkpointed });
      const ratio = trainingMemory(model, { batch, length, checkpointed }).peak / found;
      expect(Math.abs(ratio - 1), `checkpointed ${checkpointed}: estimate / measured = ${ratio}`).toBeLessThan(0.1);
    }
  });

  test('the activations of a llama layer, by hand', () => {
    // Width 128 = 2 heads of 64, as many key heads, MLP 384 (8/3 · 128 rounded up to 64): 4 · 128 + 2 + 128 + 2 · 128 + 128 + 2 + 3 · 384 numbers a token.
    const model = createModel(llamaOfDepth(2, { vocabSize: 256 }));
    expect(trainingMemory(model, { batch: 2, length: 10 }).activations).toBe(4 * 20 * 2 * (512 + 2 + 128 + 256 + 128 + 2 + 1152));
    expect(trainingMemory(model, { batch: 2, length: 10, checkpointed: true }).activations).toBe(4 * 20 * 2 * 128);
  });

  test('the optimizer and accumulation count what they hold', () => {
    const model = createModel(llamaOfDepth(1, { vocabSize: 256 }));
    const { parameters, optimizer, accumulated } = trainingMemory(model, { batch: 1, length: 1 });
    expect([optimizer, accumulated]).toEqual([2 * parameters, 0]);
    expect(trainingMemory(model, { batch: 1, length: 1, optimizerNumbers: 0, accumulate: 2 })).toMatchObject({ optimizer: 0, accumulated: parameters });
    expect(() => trainingMemory(model, { batch: 0, length: 1 })).toThrow(RangeError);
    const experts = createModel({ model_type: 'mixtral', vocab_size: 8, hidden_size: 8, intermediate_size: 8, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1 });
    expect(() => trainingMemory(experts, { batch: 1, length: 1 })).toThrow('found a mixture of experts');
  });
});

import { createModel } from '@llm/model';
import { disposeTree, memory, useDevice, valueAndGrad } from '@llm/tensor';
import { expect, test } from 'vitest';
import { batchOf } from './batches.ts';
import { causalLoss } from './causal-loss.ts';
import { packDocuments } from './packing/pack-documents.ts';

const config = {
  vocab_size: 64, num_hidden_layers: 6, hidden_size: 32, intermediate_size: 96, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 128,
  n_positions: 128, n_embd: 32, n_head: 4, n_layer: 6,
};
const documents = [50, 90, 40, 120, 30, 54].map((size, d) => Array.from({ length: size }, (_, i) => (d + i * 5) % 64));

test.each(['llama', 'qwen3', 'gpt2'])('%s: recomputing layers gives the same bits in less memory, for packed rows too', async (type) => {
  const rows = packDocuments(documents, { length: 128 });
  const batch = batchOf(rows, [0, 1, 2]);
  const results: { loss: number; gradients: Record<string, Float32Array>; bytes: number }[] = [];
  for (const checkpointed of [true, false]) {
    // Another limit makes a new device, whose peak is its own.
    await useDevice('wasm', { threads: 1, maxBytes: 2 ** (checkpointed ? 28 : 29) });
    const model = createModel({ model_type: type, ...config, ...(type === 'qwen3' ? { head_dim: 8 } : {}) });
    const params = model.init(1);
    const before = memory();
    const { value, grads } = valueAndGrad(causalLoss(model, { checkpointed }))(params, batch);
    results.push({
      loss: value.dataSync()[0]!,
      gradients: Object.fromEntries(Object.entries(grads).map(([path, gradient]) => [path, gradient.dataSync() as Float32Array])),
      bytes: memory().peakBytes - before.usedBytes,
    });
    value.dispose();
    disposeTree(grads);
    disposeTree(params);
  }
  const [cheap, plain] = results;
  expect(cheap!.loss).toBe(plain!.loss);
  expect(cheap!.gradients).toEqual(plain!.gradients);
  expect(plain!.bytes / cheap!.bytes).toBeGreaterThan(2.5);
});

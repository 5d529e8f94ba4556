import { askedDevices } from '@llm/kernels';
import { disposeTree, int4, int8, isWeight, type Leaf, leaves, memory, type QuantizedFormat, quantizedWeight, scope, tensor, type Tree, unflatten, useDevice } from '@llm/tensor';
import { describe, expect, test } from 'vitest';
import { createModel } from '../config/create-model.ts';
import { generate } from './generate.ts';
import { greedy } from './temperature.ts';

const CONFIG = { model_type: 'llama', vocab_size: 64, hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, tie_word_embeddings: true };

/** Every matrix in few bits, embeddings and so the head too. */
async function inFewBits(params: Tree, format: QuantizedFormat): Promise<Tree> {
  const entries: [string, Leaf][] = [];
  for (const [path, leaf] of leaves(params)) {
    if (isWeight(leaf) || leaf.rank !== 2) {
      entries.push([path, leaf]);
      continue;
    }
    const values = (await leaf.data() as Float32Array).map((value) => 4 * value);
    entries.push([path, quantizedWeight(values, { shape: leaf.shape as [number, number], format })]);
    leaf.dispose();
  }
  return unflatten(entries);
}

async function run(device: string, format: QuantizedFormat): Promise<{ ids: number[]; logits: Float32Array }> {
  await useDevice(device as 'cpu', device === 'wasm' ? { threads: 2 } : {});
  const model = createModel(CONFIG);
  const params = await inFewBits(model.init(5), format);
  const found = scope(() => model.apply(params, { ids: tensor([3, 7, 11, 60], [1, 4], 'int32') }));
  const logits = await found.data() as Float32Array;
  found.dispose();
  const before = memory().tensors;
  const ids: number[] = [];
  for await (const { id } of generate(model, params, [[1, 2, 3], [9]], { maxTokens: 10, sampler: greedy, eosIds: [] })) ids.push(id);
  expect(memory().tensors).toBe(before);
  disposeTree(params);
  return { ids, logits };
}

describe.each(askedDevices())('on %s', (device) => {
  test.each([int8({ blockSize: 32 }), int4(), int4({ asymmetric: true })])('a model in few bits generates by recorded steps nearly what the reference does: $name, $blocks', async (format) => {
    const [reference, found] = [await run('cpu', format), await run(device, format)];
    const difference = Math.hypot(...found.logits.map((value, i) => value - reference.logits[i]!)) / Math.hypot(...reference.logits);
    // What x loses in signed bytes, which the reference does not do, and no more.
    expect(difference).toBeGreaterThan(1e-4);
    expect(difference).toBeLessThan(0.03);
    expect(found.ids.filter((id, i) => id === reference.ids[i]).length).toBeGreaterThan(12);
  });
});

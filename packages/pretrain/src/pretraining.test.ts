import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@llm/model';
import { disposeTree, flatten, memory, type Tree, useDevice } from '@llm/tensor';
import { adamw, cosine, startTraining, type Step, train } from '@llm/train';
import { resumeTraining, saveTraining } from '@llm/train/node';
import { beforeEach, expect, test } from 'vitest';
import { batches, batchesInOrder, type DataPosition } from './batches.ts';
import { bitsPerByte } from './bits-per-byte.ts';
import { causalLoss } from './causal-loss.ts';
import { packDocuments } from './packing/pack-documents.ts';

// Every document counts on from a random number in steps of its own: what follows can be told after two tokens.
const documents = Array.from({ length: 80 }, (_, d) => Array.from({ length: 5 + ((d * 7) % 30) }, (_, i) => 1 + ((d * 11 + i * (1 + (d % 3))) % 39)));
const rows = packDocuments(documents, { length: 32, eos: 0 });
const modelOf = () => createModel({
  model_type: 'llama', vocab_size: 40, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 32, tie_word_embeddings: true,
});
const optimizer = adamw({ lr: cosine(1e-2, { warmupSteps: 5, steps: 60 }), weightDecay: 0.1 });
const valuesOf = (params: Tree): Float32Array[] => Object.values(flatten(params)).map((leaf) => leaf.dataSync() as Float32Array);

beforeEach(async () => { await useDevice('wasm', { threads: 2 }); });

test('a small model learns; no tensor stays behind, and after ten steps memory no longer grows', async () => {
  const model = modelOf();
  const params = model.init(1);
  const started = memory().tensors;
  const found: Step[] = [];
  const sizes: number[][] = [];
  for await (const step of train({ params, loss: causalLoss(model), batches: batches(rows, { batch: 8, seed: 2 }), optimizer, steps: 60 })) {
    found.push(step);
    if (step.index % 10 === 9) sizes.push([memory().usedBytes, memory().deviceBytes, memory().tensors]);
  }
  expect(sizes.slice(1)).toEqual(sizes.slice(1).map(() => sizes[0]));
  // The tables of the rotation stay with the model.
  expect(memory().tensors).toBe(started + 2);
  expect(Math.abs(found[0]!.loss - Math.log(40))).toBeLessThan(0.1);
  const evaluation = await bitsPerByte(model, params, { batches: batchesInOrder(rows, { batch: 8 }), tokenBytes: Array.from({ length: 40 }, (_, id) => Number(id > 0)) });
  expect(evaluation.loss).toBeLessThan(1.5);
  expect(evaluation.bytes).toBe(documents.reduce((sum, { length }) => sum + length, 0) - documents.length);
  disposeTree(params);
});

test('a run that is saved, and goes on elsewhere, is the same to the bit as one that never stopped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'run-'));
  const model = modelOf();
  const config = { batch: 4, seed: 2 };
  const go = async (params: Tree, { state, data, until }: { state: ReturnType<typeof startTraining>; data: ReturnType<typeof batches>; until: number }): Promise<number[]> => {
    const losses: number[] = [];
    for await (const { loss } of train({ params, loss: causalLoss(model), batches: data, optimizer, state, steps: until, accumulate: 3 })) losses.push(loss);
    return losses;
  };
  try {
    const whole = model.init(1);
    const straight = startTraining(whole, optimizer);
    const all = await go(whole, { state: straight, data: batches(rows, config), until: 12 });

    const before = model.init(1);
    const state = startTraining(before, optimizer);
    const data = batches(rows, config);
    await go(before, { state, data, until: 7 });
    await saveTraining(folder, { params: before, state, data: data.position, config });

    const after = model.init(99);
    const resumed = (await resumeTraining(folder, { params: after, optimizer, config }))!;
    const rest = await go(after, { state: resumed.state, data: batches(rows, { ...config, position: resumed.data as DataPosition }), until: 12 });
    expect(data.position).toEqual(resumed.data);
    expect(rest).toEqual(all.slice(7));
    expect(valuesOf(after)).toEqual(valuesOf(whole));
    for (const tree of [whole, before, after, straight.optimizer, state.optimizer, resumed.state.optimizer]) disposeTree(tree);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

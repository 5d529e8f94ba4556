import { createModel, type Model, resizeTokenEmbeddings } from '@llm/model';
import { disposeTree, type Tree, useDevice } from '@llm/tensor';
import { adamw, cosine, train } from '@llm/train';
import { expect, test } from 'vitest';
import { type BatchStream, batches, batchesInOrder } from './batches.ts';
import { bitsPerByte } from './bits-per-byte.ts';
import { causalLoss } from './causal-loss.ts';
import { mixedBatches, type MixStream } from './mixed-batches.ts';
import { packDocuments, type PackedRows } from './packing/pack-documents.ts';

// Old documents count on from a number in steps of their own. New ones say the step first, with a token that the old vocabulary lacks.
const OLD = 40;
const STEPS = 3;
const document = (d: number, said: boolean): number[] => {
  const step = d % STEPS;
  return [...(said ? [OLD + step] : []), ...Array.from({ length: 5 + ((d * 7) % 30) }, (_, i) => 1 + ((d * 11 + i * (1 + step)) % 39))];
};
const rowsOf = (from: number, to: number, said: boolean): PackedRows => packDocuments(Array.from({ length: to - from }, (_, i) => document(from + i, said)), { length: 32, eos: 0 });
const tokenBytes = Array.from({ length: OLD + STEPS }, (_, id) => Number(id > 0 && id < OLD));

test('a vocabulary is extended and training goes on, with the rate warmed up again and old text mixed in', async () => {
  await useDevice('wasm', { threads: 1 });
  const go = async (model: Model, params: Tree, { data, steps }: { data: BatchStream | MixStream; steps: number }): Promise<void> => {
    const optimizer = adamw({ lr: cosine(1e-2, { warmupSteps: 5, steps }), weightDecay: 0.1 });
    for await (const step of train({ params, loss: causalLoss(model), batches: data, optimizer, steps })) expect(Number.isFinite(step.loss)).toBe(true);
  };
  const held = { old: rowsOf(200, 230, false), new: rowsOf(200, 230, true) };
  const bits = async (model: Model, params: Tree, rows: PackedRows): Promise<number> => (await bitsPerByte(model, params, { batches: batchesInOrder(rows, { batch: 8 }), tokenBytes })).bitsPerByte;

  const config = { model_type: 'llama', vocab_size: OLD, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4, max_position_embeddings: 32, tie_word_embeddings: true };
  const small = createModel(config);
  const base = small.init(1);
  await go(small, base, { data: batches(rowsOf(0, 100, false), { batch: 8, seed: 1 }), steps: 80 });
  const learned = await bits(small, base, held.old);

  const { model, params } = resizeTokenEmbeddings(small, base, { vocabSize: OLD + STEPS });
  // What it knew it still knows, but for the probability that the new tokens take away.
  const resized = await bits(model, params, held.old);
  expect(resized).toBeGreaterThanOrEqual(learned);
  expect(resized).toBeLessThan(1.1 * learned);
  const before = await bits(model, params, held.new);

  const sources = { new: rowsOf(100, 200, true), old: rowsOf(0, 100, false) };
  const mixture = (): MixStream => mixedBatches(sources, { batch: 8, seed: 2, weights: () => ({ new: 3, old: 1 }) });
  await go(model, params, { data: mixture(), steps: 25 });
  const continued = await bits(model, params, held.new);

  const fresh = createModel({ ...config, vocab_size: OLD + STEPS });
  const scratch = fresh.init(1);
  await go(fresh, scratch, { data: mixture(), steps: 25 });
  const anew = await bits(fresh, scratch, held.new);
  expect(continued).toBeLessThan(0.75 * before);
  expect(continued).toBeLessThan(0.5 * anew);
  // Replay keeps what was learned first.
  expect(await bits(model, params, held.old)).toBeLessThan(1.2 * learned);
  for (const tree of [params, scratch]) disposeTree(tree);
});

import { createModel, type Model } from '@llm/model';
import {
  disposeTree, type Leaf, linear, mapLeaves, memory, scope, type Tensor, tensor, type Tree, useDevice, valueAndGrad, type Weight,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { batchesInOrder, batchOf } from './batches.ts';
import type { CausalBatch } from './collate.ts';
import { bitsPerByte } from './bits-per-byte.ts';
import { causalLoss } from './causal-loss.ts';
import { IGNORED, packDocuments } from './packing/pack-documents.ts';
import { bestFit } from './packing/strategies.ts';

const llama = createModel({
  model_type: 'llama', vocab_size: 61, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 32, tie_word_embeddings: false,
});
const gpt2 = createModel({ model_type: 'gpt2', vocab_size: 61, n_positions: 32, n_embd: 16, n_head: 2, n_layer: 2 });
const documents = [9, 3, 14, 2, 5, 11].map((size, d) => Array.from({ length: size }, (_, i) => (d * 17 + i * 7 + (i * i) % 5) % 60 + 1));

/** Random parameters that are far from their gentle beginning, so that what is wrong shows. */
function paramsOf(model: Model): Tree {
  const params = model.init(3);
  return mapLeaves(params, (leaf) => {
    const small = leaf as Tensor;
    const large = tensor(small.dataSync().map((value, i) => (value === 1 || value === 0 ? value + 0.3 * Math.sin(i) : value * 12)), small.shape);
    small.dispose();
    return large;
  });
}

/** One row per document, each alone. */
const alone = (document: readonly number[]): CausalBatch => batchOf(packDocuments([document], { length: document.length }), [0]);

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device, { threads: 2 }); });

  describe.each([['llama', llama], ['gpt2', gpt2]] as const)('%s', (_name, model) => {
    test('documents packed into rows lose exactly what they lose alone, with the same gradients', () => {
      const params = paramsOf(model);
      const rows = packDocuments(documents, { length: 24, strategy: bestFit });
      const batch = batchOf(rows, Array.from({ length: rows.count }, (_, i) => i));
      const denominator = batch.targetCount;
      const packed = valueAndGrad(causalLoss(model))(params, batch, { denominator });
      let total = 0;
      const sums: Record<string, number[]> = {};
      for (const document of documents) {
        const { value, grads } = valueAndGrad(causalLoss(model))(params, alone(document), { denominator });
        total += value.dataSync()[0]!;
        for (const [path, gradient] of Object.entries(grads)) sums[path] = [...gradient.dataSync()].map((g, i) => g + (sums[path]?.[i] ?? 0));
      }
      expectClose(packed.value.dataSync(), [total], { tolerance: 1e-6 });
      for (const [path, gradient] of Object.entries(packed.grads)) expectClose(gradient.dataSync(), sums[path]!, { tolerance: 1e-5, name: path });
      disposeTree(params);
    });

    test('knows nothing at the beginning: ln of the vocabulary', () => {
      const params = model.init(1);
      const loss = causalLoss(model)(params, alone(documents[2]!)).dataSync()[0]!;
      expect(Math.abs(loss - Math.log(61))).toBeLessThan(0.05);
      disposeTree(params);
    });
  });

  test('a row with one document runs without the mask of a packed one; padding changes nothing', () => {
    const inputs: string[][] = [];
    const watching = { ...llama, hidden: ((params, given, options) => {
      inputs.push(Object.keys(given));
      return llama.hidden(params, given, options);
    }) as Model['hidden'] };
    const params = paramsOf(llama);
    const plain = causalLoss(watching)(params, alone(documents[0]!)).dataSync()[0]!;
    const padded = causalLoss(watching)(params, batchOf(packDocuments([documents[0]!], { length: 20 }), [0])).dataSync()[0]!;
    causalLoss(watching)(params, batchOf(packDocuments(documents, { length: 20 }), [0]));
    expect(inputs).toEqual([['ids'], ['ids'], ['ids', 'positions', 'segments']]);
    expectClose([padded], [plain], { tolerance: 1e-6 });
    disposeTree(params);
  });

  test('a head that applies itself gives the same loss and gradients', () => {
    const params = paramsOf(llama);
    const matrix = (params as unknown as { lm_head: { weight: Tensor } }).lm_head.weight;
    const weight = (tensors: Readonly<Record<string, Tensor>>): Weight => ({
      shape: matrix.shape, tensors, with: weight, apply: (x) => linear(x, tensors.inner!),
    });
    const wrapped = mapLeaves(params, (leaf): Leaf => (leaf === matrix ? weight({ inner: matrix }) : leaf));
    const batch = batchOf(packDocuments(documents, { length: 16, eos: 0 }), [0, 1]);
    for (const options of [{}, { labelSmoothing: 0.1, zLoss: 0.01 }]) {
      const fused = valueAndGrad(causalLoss(llama, options))(params, batch);
      const plain = valueAndGrad(causalLoss(llama, options))(wrapped, batch);
      expectClose(plain.value.dataSync(), fused.value.dataSync(), { tolerance: 1e-6 });
      for (const [path, gradient] of Object.entries(fused.grads)) {
        expectClose(plain.grads[path === 'lm_head.weight' ? 'lm_head.weight.inner' : path]!.dataSync(), gradient.dataSync(), { tolerance: 1e-5, name: path });
      }
    }
    disposeTree(params);
  });

  test('bits per byte: nats over bytes, and special tokens count for the loss only', async () => {
    const params = paramsOf(llama);
    const bytes = Uint8Array.from({ length: 61 }, (_, id) => (id === 0 ? 0 : 1 + (id % 3)));
    const rows = packDocuments(documents, { length: 16, eos: 0 });
    const before = memory().tensors;
    const found = await bitsPerByte(llama, params, { batches: batchesInOrder(rows, { batch: 2 }), tokenBytes: bytes });
    expect(memory().tensors).toBe(before);
    // The same by logits, one target after the other.
    let [nats, textNats, targets, spelled] = [0, 0, 0, 0];
    for (const batch of batchesInOrder(rows, { batch: 1 })) {
      const logits = scope(() => llama.apply(params, {
        ids: tensor(batch.ids, [1, 16], 'int32'), positions: tensor(batch.positions, [1, 16], 'int32'), segments: tensor(batch.segments, [1, 16], 'int32'),
      })).dataSync();
      batch.targets.forEach((target, i) => {
        if (target === IGNORED) return;
        const row = [...logits.slice(i * 61, (i + 1) * 61)];
        const nll = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[target]!;
        nats += nll;
        targets++;
        if (target !== 0) {
          textNats += nll;
          spelled += bytes[target]!;
        }
      });
    }
    expect(found).toMatchObject({ targets, bytes: spelled });
    expectClose([found.loss, found.perplexity / Math.exp(nats / targets), found.bitsPerByte], [nats / targets, 1, textNats / Math.LN2 / spelled], { tolerance: 1e-5 });
    disposeTree(params);
  });
});

test('an encoder, which would see what it is to predict, is refused', () => {
  const bert = createModel({ model_type: 'bert', vocab_size: 61, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 32 });
  expect(() => causalLoss(bert)).toThrow('expected a model whose tokens see only those before them but found one in which each sees all');
});

test('a mixture of experts adds its load balance, of each micro-batch by its share of the targets', async () => {
  await useDevice('wasm', { threads: 2 });
  const moe = (coefficient: number): Model => createModel({
    model_type: 'mixtral', vocab_size: 61, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
    num_local_experts: 4, max_position_embeddings: 32, router_aux_loss_coef: coefficient,
  });
  const params = paramsOf(moe(0));
  const number = (loss: (params: Tree) => Tensor): number => scope(() => loss(params).dataSync()[0]!);
  const [long, short] = [alone(documents[2]!), alone(documents[0]!)];
  const balance = (batch: CausalBatch): number => (number((p) => causalLoss(moe(0.5))(p, batch)) - number((p) => causalLoss(moe(0))(p, batch))) / 0.5;
  // Two experts a token: 2 where they are used alike, more where not.
  expect(balance(long)).toBeGreaterThan(2);
  const denominator = long.targetCount + short.targetCount;
  const step = (coefficient: number): number => [long, short].reduce((sum, batch) => sum + number((p) => causalLoss(moe(coefficient))(p, batch, { denominator: tensor(denominator) })), 0);
  expect(step(0.5) - step(0)).toBeCloseTo(0.5 * (13 * balance(long) + 8 * balance(short)) / 21, 4);
  for (const checkpointed of [false, true]) {
    const { value, grads } = valueAndGrad(causalLoss(moe(0.5), { checkpointed }))(params, long);
    const plain = valueAndGrad(causalLoss(moe(0), { checkpointed }))(params, long);
    const router = 'model.layers.1.block_sparse_moe.gate.weight';
    expect(grads[router]!.dataSync()).not.toEqual(plain.grads[router]!.dataSync());
    disposeTree({ value, ...grads });
    disposeTree({ value: plain.value, ...plain.grads });
  }
  disposeTree(params);
});

describe('what cannot be trained on is refused before the model runs', () => {
  const params: Tree = {};
  const one = (ids: number[], length: number): CausalBatch => batchOf(packDocuments([ids], { length }), [0]);
  beforeEach(async () => { await useDevice('cpu'); });
  test.each([
    [() => causalLoss(llama)(params, one([1, 2], 33)), 'expected rows of at most 32 tokens, the context of the model, but found 33. Make them shorter, or pack with a shorter length'],
    [() => causalLoss(llama)(params, one([1, 61], 4)), 'expected ids below 61, the vocabulary of the model, but found 61'],
    [() => causalLoss(llama)(params, one([1], 4)), 'expected at least one target but found none'],
    [() => bitsPerByte(llama, params, { batches: [], tokenBytes: [1] }), 'expected batches with targets but found none. Check the validation split'],
    [() => bitsPerByte(llama, params, { batches: [one([1, 2], 4)], tokenBytes: [1] }), 'expected tokenBytes for every id but found none for 2'],
  ])('%#', async (run, message) => {
    const error = await (async () => run())().then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain(message);
  });
});

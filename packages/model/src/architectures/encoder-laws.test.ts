import {
  disposeTree, embed, linear, mapLeaves, mean, memory, scope, square, type Tensor, tensor, type Tree, useDevice, valueAndGrad, type Weight,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodedOf, type PairBatch } from '../batch/pair-batch.ts';
import { hiddenOf } from '../batch/token-batch.ts';
import { createEncoderDecoder, createModel } from '../config/create-model.ts';
import { kvCache } from '../layers/kv-cache.ts';
import type { ApplyOptions, Model, ModelInputs } from '../model.ts';

const SIZES = { vocab_size: 30, hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 12, max_position_embeddings: 20, initializer_range: 0.3 };
const BERT = { model_type: 'bert', ...SIZES, hidden_dropout_prob: 0.2 };
const ROBERTA = { ...BERT, model_type: 'roberta', pad_token_id: 1, type_vocab_size: 1 };
const GLM = {
  model_type: 'glm', vocab_size: 30, hidden_size: 8, num_layers: 2, num_attention_heads: 2, max_sequence_length: 20, block_position_encoding: true, initializer_range: 0.3,
  embedding_dropout_prob: 0.2,
};
const T5 = { model_type: 't5', vocab_size: 30, d_model: 8, d_kv: 4, d_ff: 12, num_layers: 2, num_heads: 2, dropout_rate: 0.2, relative_attention_num_buckets: 8, relative_attention_max_distance: 9 };

beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
});

const int = (values: readonly number[], rows: number = 1): Tensor => tensor(Int32Array.from(values), [rows, values.length / rows], 'int32');
const read = (run: () => Tensor): number[] => scope(() => [...run().dataSync()]);

describe.each([['bert', BERT], ['roberta', ROBERTA], ['glm', GLM]] as const)('%s', (name, json) => {
  const model: Model = createModel(json);
  const states = (params: Tree, inputs: () => ModelInputs, options: ApplyOptions = {}): number[] => read(() => model.hidden(params, inputs(), options));

  test('documents packed into a row have the states that each has alone', () => {
    const params = model.init(1);
    const packed = states(params, () => ({ ids: int([3, 4, 5, 6, 7, 8, 9]), positions: int([0, 1, 2, 3, 0, 1, 2]), segments: int([0, 0, 0, 0, 1, 1, 1]) }));
    const alone = [[3, 4, 5, 6], [7, 8, 9]].flatMap((ids) => states(params, () => ({ ids: int(ids) })));
    expectClose(packed, alone, { tolerance: 1e-5 });
    disposeTree(params);
  });

  test('dropout is off by default, a function of its seed when on, and the same when layers are run again', () => {
    const params = model.init(1);
    const inputs = (): ModelInputs => ({ ids: int([3, 4, 5, 6]) });
    expect(states(params, inputs)).toEqual(states(params, inputs));
    const [one, again, two] = [1, 1, 2].map((dropoutSeed) => states(params, inputs, { dropoutSeed }).join());
    expect(one).toBe(again);
    expect(new Set([one, two, states(params, inputs).join()]).size).toBe(3);
    expectClose(states(params, inputs, { dropoutSeed: 1, checkpointed: true }), states(params, inputs, { dropoutSeed: 1 }), { tolerance: 1e-6 });
    disposeTree(params);
  });

  test('a weight that applies itself stands in every place of a matrix', () => {
    const params = model.init(1);
    const wrapped = (w: Tensor): Weight => ({ shape: w.shape, tensors: { w }, with: (tensors) => wrapped(tensors['w']!), apply: (x) => linear(x, w), rows: (ids) => embed(ids, w) });
    const weighted = mapLeaves(params, (leaf) => ('rank' in leaf && leaf.rank === 2 ? wrapped(leaf) : leaf));
    const logits = (params: Tree): number[] => read(() => model.apply(params, { ids: int([3, 4, 5]) }));
    expectClose(logits(weighted), logits(params), { tolerance: 1e-5 });
    disposeTree(params);
  });

  test('captures the stream after each half of a block, leaves no tensor behind, and names what it cannot take', () => {
    const params = model.init(1);
    const seen: string[] = [];
    states(params, () => ({ ids: int([3, 4]) }), { capture: (path) => seen.push(path) });
    const before = memory().tensors;
    states(params, () => ({ ids: int([3, 4]) }));
    expect(memory().tensors).toBe(before);
    const halves = name === 'glm' ? ['transformer.layers.*.attention', 'transformer.layers.*.mlp'] : [`${name}.encoder.layer.*.attention`, `${name}.encoder.layer.*.output`];
    expect(seen).toEqual([0, 1].flatMap((i) => halves.map((half) => half.replace('*', String(i)))));
    const long = Array.from({ length: 23 }, () => 3);
    expect(() => states(params, () => ({ ids: int(long) }))).toThrow(/expected at most \d+ positions but found 23/);
    if (name !== 'glm') {
      const cache = kvCache(model.shape, { batch: 1, capacity: 4 });
      expect(() => states(params, () => ({ ids: int([3]), cache }))).toThrow('expected no cache but found some');
      expect(() => states(params, () => ({ ids: int([3]), prefixes: tensor([1], [1], 'int32') }))).toThrow('expected no prefixes');
      cache.dispose();
    }
    disposeTree(params);
  });
});

describe.each([
  ['gpt2', { model_type: 'gpt2', vocab_size: 30, n_positions: 20, n_embd: 8, n_head: 2, n_layer: 2, initializer_range: 0.3, embd_pdrop: 0, resid_pdrop: 0 }],
  ['llama', { model_type: 'llama', vocab_size: 30, hidden_size: 8, intermediate_size: 12, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, initializer_range: 0.3 }],
] as const)('%s with a prefix', (_name, json) => {
  const model: Model = createModel(json);
  const ids = [3, 4, 5, 6, 7];
  const run = (params: Tree, prefix: number | undefined, changed: number[] = ids, options: ApplyOptions = {}): Tensor => (
    model.hidden(params, { ids: int(changed), ...(prefix === undefined ? {} : { prefixes: tensor([prefix], [1], 'int32') }) }, options)
  );

  test('the prefix is seen from everywhere, what follows only from behind; a prefix of one token changes nothing', () => {
    const params = model.init(1);
    const touched = (i: number): number[] => {
      const [found, other] = [ids, ids.map((id, at) => (at === i ? 20 : id))].map((ids) => read(() => run(params, 3, ids)));
      return [0, 1, 2, 3, 4].filter((at) => found!.slice(8 * at, 8 * at + 8).some((value, c) => Math.abs(value - other![8 * at + c]!) > 1e-6));
    };
    expect([touched(0), touched(2), touched(3)]).toEqual([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [3, 4]]);
    expectClose(read(() => run(params, 1)), read(() => run(params, undefined)), { tolerance: 1e-6 });
    expect(() => read(() => model.hidden(params, { ids: int(ids), blockPositions: int(ids) }))).toThrow('expected no blockPositions but found some');
    disposeTree(params);
  });

  test('gradients are the same when layers are run again', () => {
    const params = model.init(1);
    const [plain, again] = [false, true].map((checkpointed) => valueAndGrad((params: Tree) => mean(square(run(params, 3, ids, { checkpointed }))))(params));
    for (const [path, gradient] of Object.entries(plain!.grads)) expectClose(again!.grads[path]!.dataSync(), gradient.dataSync(), { tolerance: 1e-6, name: path });
    for (const { value, grads } of [plain!, again!]) {
      value.dispose();
      disposeTree(grads);
    }
    disposeTree(params);
  });
});

test('bert: kinds of text matter, and a batch on the host says the same', () => {
  const model = createModel(BERT);
  const params = model.init(2);
  const plain = read(() => model.hidden(params, { ids: int([3, 4, 5]) }));
  const typed = read(() => model.hidden(params, { ids: int([3, 4, 5]), tokenTypes: int([0, 0, 1]) }));
  expect(typed).not.toEqual(plain);
  const batch = { rows: 1, length: 3, ids: Int32Array.of(3, 4, 5), positions: Int32Array.of(0, 1, 2), segments: new Int32Array(3), packed: false, restarts: false };
  expect(read(() => hiddenOf(model, params, batch))).toEqual(plain);
  expect(read(() => hiddenOf(model, params, { ...batch, tokenTypes: Int32Array.of(0, 0, 1) }))).toEqual(typed);
  disposeTree(params);
});

test('glm: Part A sees itself from both sides, Part B what came before; with a cache it goes on where the text ended', () => {
  const model = createModel(GLM);
  const params = model.init(3);
  const ids = [3, 4, 5, 6, 7, 8, 9];
  const [positions, blocks] = [[0, 1, 2, 3, 2, 2, 2], [0, 0, 0, 0, 1, 2, 3]];
  const whole = (ids: number[]): number[] => read(() => model.hidden(params, {
    ids: int(ids), positions: int(positions.slice(0, ids.length)), blockPositions: int(blocks.slice(0, ids.length)), prefixes: tensor([4], [1], 'int32'),
  }));
  const found = whole(ids);
  const touched = (i: number): number[] => {
    const other = whole(ids.map((id, at) => (at === i ? 20 : id)));
    return [0, 1, 2, 3, 4, 5, 6].filter((at) => other.slice(8 * at, 8 * at + 8).some((value, c) => Math.abs(value - found[8 * at + c]!) > 1e-6));
  };
  expect(touched(3)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(touched(5)).toEqual([5, 6]);
  const batch = {
    rows: 1, length: 7, ids: Int32Array.from(ids), positions: Int32Array.from(positions), segments: new Int32Array(7), packed: false, restarts: true,
    prefixes: Int32Array.of(4), blockPositions: Int32Array.from(blocks),
  };
  expect(read(() => hiddenOf(model, params, batch))).toEqual(found);
  const cache = kvCache(model.shape, { batch: 1, capacity: 9 });
  const step = (from: number, to: number): number[] => read(() => model.hidden(params, {
    ids: int(ids.slice(from, to)), positions: int(positions.slice(from, to)), blockPositions: int(blocks.slice(from, to)), cache,
    ...(from === 0 ? { prefixes: tensor([4], [1], 'int32') } : {}),
  }));
  expectClose([...step(0, 5), ...step(5, 6), ...step(6, 7)], found, { tolerance: 1e-5 });
  expect(() => read(() => model.hidden(params, { ids: int([1]), cache, prefixes: tensor([4], [1], 'int32') }))).toThrow('expected prefixes with the first tokens');
  cache.dispose();
  disposeTree(params);
});

describe('t5', () => {
  const model = createEncoderDecoder(T5);
  const rows = (ids: number[], segments: number[] = ids.map(() => 0)): PairBatch['encoder'] => (
    { rows: 1, length: ids.length, ids: Int32Array.from(ids), segments: Int32Array.from(segments), packed: segments.some((value) => value !== 0) }
  );
  const decoded = (params: Tree, pair: PairBatch, options: ApplyOptions = {}): number[] => read(() => decodedOf(model, params, pair, options));

  test('pairs packed into a row have the states that each has alone, and padding on either side is not seen', () => {
    const params = model.init(4);
    const alone = [[[3, 4, 5], [0, 6, 7]], [[8, 9], [0, 10]]].flatMap(([read, written]) => decoded(params, { encoder: rows(read!), decoder: rows(written!) }));
    const packed = decoded(params, { encoder: rows([3, 4, 5, 8, 9, 0], [0, 0, 0, 1, 1, -1]), decoder: rows([0, 6, 7, 0, 10, 0, 0], [0, 0, 0, 1, 1, -2, -2]) });
    expectClose(packed.slice(0, 5 * 8), alone, { tolerance: 1e-5 });
    expect(packed.every(Number.isFinite)).toBe(true);
    const padded = decoded(params, { encoder: rows([3, 4, 5, 29], [0, 0, 0, -1]), decoder: rows([0, 6, 7]) });
    expectClose(padded, alone.slice(0, 3 * 8), { tolerance: 1e-5 });
    disposeTree(params);
  });

  test('the decoder sees what came before, and all that was read', () => {
    const params = model.init(4);
    const found = decoded(params, { encoder: rows([3, 4, 5]), decoder: rows([0, 6, 7, 8]) });
    const touched = (pair: PairBatch): number[] => {
      const other = decoded(params, pair);
      return [0, 1, 2, 3].filter((at) => other.slice(8 * at, 8 * at + 8).some((value, c) => Math.abs(value - found[8 * at + c]!) > 1e-6));
    };
    expect(touched({ encoder: rows([3, 4, 5]), decoder: rows([0, 6, 20, 8]) })).toEqual([2, 3]);
    expect(touched({ encoder: rows([3, 4, 20]), decoder: rows([0, 6, 7, 8]) })).toEqual([0, 1, 2, 3]);
    disposeTree(params);
  });

  test('dropout: off by default, a function of its seed when on; the same, and the same gradients, when layers are run again', () => {
    const params = model.init(4);
    const pair = { encoder: rows([3, 4, 5]), decoder: rows([0, 6, 7]) };
    expect(decoded(params, pair)).toEqual(decoded(params, pair));
    expect(new Set([{}, { dropoutSeed: 1 }, { dropoutSeed: 2 }].map((options) => decoded(params, pair, options).join())).size).toBe(3);
    const run = (options: ApplyOptions) => valueAndGrad((params: Tree) => mean(square(decodedOf(model, params, pair, options))))(params);
    const [plain, again] = [run({ dropoutSeed: 1 }), run({ dropoutSeed: 1, checkpointed: true })];
    expect(again.value.dataSync()).toEqual(plain.value.dataSync());
    for (const [path, gradient] of Object.entries(plain.grads)) expectClose(again.grads[path]!.dataSync(), gradient.dataSync(), { tolerance: 1e-6, name: path });
    for (const { value, grads } of [plain, again]) {
      value.dispose();
      disposeTree(grads);
    }
    disposeTree(params);
  });

  test('captures the stream after each part of a block, leaves no tensor behind, and names what it cannot take', () => {
    const params = model.init(4);
    const pair = { encoder: rows([3]), decoder: rows([0]) };
    const seen: string[] = [];
    decoded(params, pair, { capture: (path) => seen.push(path) });
    expect(seen).toEqual([...[0, 1].flatMap((i) => [0, 1].map((part) => `encoder.block.${i}.layer.${part}`)), ...[0, 1].flatMap((i) => [0, 1, 2].map((part) => `decoder.block.${i}.layer.${part}`))]);
    const before = memory().tensors;
    decoded(params, pair);
    expect(memory().tensors).toBe(before);
    expect(() => decoded(params, { encoder: rows([3]), decoder: { ...rows([0, 0]), rows: 2, length: 1 } })).toThrow('expected as many rows for the decoder as for the encoder, 1, but found 2');
    expect(() => decoded(params, { encoder: rows([30]), decoder: rows([0]) })).toThrow('expected ids below 30');
    disposeTree(params);
  });
});

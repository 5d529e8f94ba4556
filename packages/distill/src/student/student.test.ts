import { createModel, type Model, type ModelConfig } from '@llm/model';
import { disposeTree, flatten, int8, isWeight, leaves, mul, overwrite, quantizedWeight, sum, square, tensor, type Tree, unflatten, useDevice } from '@llm/tensor';
import { numbers } from '@llm/testing';
import { tokenizerFromJson, tokenizerToText, trainBpe } from '@llm/tokenizer';
import { beforeAll, describe, expect, test } from 'vitest';
import { tinyModel } from '../fixtures/models.ts';
import { byMagnitude, bySvd, cutWidth } from './cut-width.ts';
import { dropLayers } from './drop-layers.ts';
import { everyNth, firstLayers, lastLayers, spreadLayers } from './layer-choices.ts';
import { originText, type Source } from './parameter-map.ts';
import { pruneTokenizer } from './prune-tokenizer.ts';
import { pruneVocabulary } from './prune-vocabulary.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

beforeAll(async () => { await useDevice('wasm'); });

const ids = [3, 1, 4, 1, 5];
const logits = ({ model, params }: Source): Float32Array => model.apply(params, { ids: tensor(ids, [1, ids.length], 'int32') }).dataSync() as Float32Array;
const apart = (a: Float32Array, b: Float32Array): number => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

/** A model whose norms say something. */
function odd(model: Model<ModelConfig>): Source {
  const params = unflatten(leaves(model.init(3)).map(([path, leaf]) => [path, path.endsWith('norm.weight') || path.endsWith('layernorm.weight') ? tensor(numbers(leaf.shape[0]!, path.length).map((x) => 1 + 0.5 * x)) : leaf] as const));
  return { model, params };
}

test('layers to keep', () => {
  expect([everyNth(3, 2), spreadLayers(6, 3), firstLayers(4, 2), lastLayers(4, 2)]).toEqual([[0, 2], [0, 3, 5], [0, 1], [2, 3]]);
  expect(() => spreadLayers(3, 4)).toThrow('spreadLayers: expected to keep 1 to 3 layers but found 4');
  expect(() => everyNth(3, 0)).toThrow('everyNth: expected n of 1 or more');
});

describe('dropLayers', () => {
  test('keeps the layers that it is told to, in memory of their own', () => {
    const teacher = odd(tinyModel({ layers: 4 }));
    const { model, params, map } = dropLayers(teacher, { keep: [0, 3] });
    const [of, by] = [flatten(teacher.params), flatten(params)];
    expect(model.shape.layers).toBe(2);
    expect(by['model.layers.1.mlp.up_proj.weight']!.dataSync()).toEqual(of['model.layers.3.mlp.up_proj.weight']!.dataSync());
    expect(by['model.embed_tokens.weight']!.dataSync()).toEqual(of['model.embed_tokens.weight']!.dataSync());
    expect(originText(map.find(({ to }) => to === 'model.layers.1.mlp.up_proj.weight')!)).toBe('model.layers.1.mlp.up_proj.weight [32, 16] ← model.layers.3.mlp.up_proj.weight [32, 16]');
    expect(map.map(({ to }) => to).toSorted()).toEqual(Object.keys(by).toSorted());
    const before = logits(teacher).slice();
    for (const each of Object.values(by)) overwrite(each, new Float32Array(each.size));
    expect(apart(logits(teacher), before)).toBe(0);
  });

  test('all of them are the teacher, of any architecture; what is said layer by layer goes along', () => {
    const gpt2 = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 3 });
    const bert = createModel({ model_type: 'bert', vocab_size: 16, hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 16, max_position_embeddings: 8 });
    for (const model of [gpt2, bert]) {
      const teacher = { model, params: model.init(1) };
      expect(apart(logits(dropLayers(teacher, { keep: firstLayers(model.shape.layers, model.shape.layers) })), logits(teacher))).toBe(0);
    }
    const gemma = createModel({ model_type: 'gemma3_text', vocab_size: 16, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 4, num_attention_heads: 2, num_key_value_heads: 1, head_dim: 4, max_position_embeddings: 16, sliding_window: 2, layer_types: ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'] });
    const { model } = dropLayers({ model: gemma, params: gemma.init(0) }, { keep: [1, 2, 3] });
    expect((model.config as { slidingLayers?: boolean[] }).slidingLayers).toEqual([false, true, false]);
  });

  test('of weights in few bits it takes what they stand for', async () => {
    const teacher = odd(tinyModel({ layers: 2 }));
    const small = unflatten(await Promise.all(leaves(teacher.params).map(async ([path, leaf]) => [path, isWeight(leaf) || !path.includes('mlp') ? leaf : quantizedWeight((await leaf.data()) as Float32Array, { shape: leaf.shape as [number, number], format: int8() })] as const)));
    const { params } = dropLayers({ model: teacher.model, params: small }, { keep: [1] });
    expect(Object.values(flatten(params)).every(({ dtype }) => dtype === 'float32')).toBe(true);
    expect(() => dropLayers(teacher, { keep: [2] })).toThrow('dropLayers: expected to keep some of layers 0 to 1 but found 2');
    expect(() => dropLayers(teacher, { keep: [] })).toThrow('but found none');
  });
});

test('eigenvectors of a symmetric matrix', () => {
  const n = 7;
  const half = numbers(n * n, 4);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j] = half[i * n + j]! + half[j * n + i]!;
  const { values, vectors } = symmetricEigen(a, n);
  expect([...values]).toEqual([...values].toSorted((x, y) => y - x));
  for (let k = 0; k < n; k++) for (let i = 0; i < n; i++) {
    let product = 0;
    for (let j = 0; j < n; j++) product += a[i * n + j]! * vectors[k * n + j]!;
    expect(product).toBeCloseTo(values[k]! * vectors[k * n + i]!, 9);
  }
});

describe('cutWidth', () => {
  test.each([true, false])('where one direction goes the student says nearly the same, tied %s', async (tied) => {
    const teacher = odd(tinyModel({ layers: 2, tied }));
    const whole = logits(teacher);
    const size = Math.max(...whole.map(Math.abs));
    for (const choose of [bySvd(), byMagnitude()]) {
      const same = await cutWidth(teacher, { choose });
      expect(apart(logits(same), whole)).toBeLessThan(1e-4 * size);
      const narrow = await cutWidth(teacher, { width: 15, choose });
      expect(apart(logits(narrow), whole)).toBeLessThan(size);
      expect(narrow.map).toHaveLength(Object.keys(flatten(narrow.params)).length);
    }
  });

  test('directions that nothing uses are the ones that go', async () => {
    const teacher = odd(tinyModel());
    // Two of sixteen coordinates are made nothing; then the states are turned, so that only principal directions tell.
    const silent = unflatten(leaves(teacher.params).map(([path, leaf]) => {
      if (isWeight(leaf) || leaf.rank !== 2) return [path, leaf] as const;
      const [rows = 0, cols = 0] = leaf.shape;
      const values = leaf.dataSync().slice();
      const axis = /o_proj|down_proj/.test(path) ? 0 : 1;
      values.forEach((_, i) => { if ([4, 9].includes(axis === 0 ? Math.floor(i / cols) : i % cols)) values[i] = 0; });
      return [path, tensor(values, [rows, cols])] as const;
    }));
    const whole = logits({ model: teacher.model, params: silent });
    const size = Math.max(...whole.map(Math.abs));
    for (const choose of [bySvd(), byMagnitude()]) {
      const narrow = await cutWidth({ model: teacher.model, params: silent }, { width: 14, choose });
      expect(narrow.model.shape.width).toBe(14);
      expect(apart(logits(narrow), whole)).toBeLessThan(2e-4 * size);
    }
  });

  test('neurons that write nothing are the ones that go', async () => {
    const teacher = odd(tinyModel());
    const params = unflatten(leaves(teacher.params).map(([path, leaf]) => {
      if (isWeight(leaf) || !path.endsWith('down_proj.weight')) return [path, leaf] as const;
      return [path, mul(leaf, tensor(Float32Array.from({ length: 32 }, (_, i) => Number(i % 2 === 1)), [1, 32]))] as const;
    }));
    const { model, params: half } = await cutWidth({ model: teacher.model, params }, { mlpWidth: 16 });
    expect(model.shape.mlpWidth).toBe(16);
    expect(apart(logits({ model, params: half }), logits({ model: teacher.model, params }))).toBeLessThan(1e-4);
  });

  test('what it cannot cut is refused', async () => {
    const gpt2 = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
    await expect(cutWidth({ model: gpt2, params: gpt2.init(0) }, { width: 4 })).rejects.toThrow('cutWidth: expected llama, qwen2 or qwen3 but found gpt2. Drop layers');
    await expect(cutWidth(odd(tinyModel()), { width: 17 })).rejects.toThrow('cutWidth: expected width from 1 to the teacher\'s 16 but found 17');
  });
});

describe('a smaller vocabulary', () => {
  test('the student gives the tokens that stay the same logits', () => {
    for (const tied of [true, false]) {
      const teacher = odd(tinyModel({ tied }));
      const keep = [0, 5, 1, 3, 4, 20];
      const { model, params, map } = pruneVocabulary(teacher, { keep });
      const places = new Map(keep.map((id, i) => [id, i]));
      const found = model.apply(params, { ids: tensor(ids.map((id) => places.get(id)!), [1, 5], 'int32') }).dataSync();
      const whole = logits(teacher);
      for (let at = 0; at < 5; at++) keep.forEach((id, i) => { expect(found[at * 6 + i]).toBeCloseTo(whole[at * 23 + id]!, 4); });
      expect(map.find(({ to }) => to === 'model.embed_tokens.weight')).toMatchObject({ shape: [6, 16], fromShape: [23, 16] });
    }
    expect(() => pruneVocabulary(odd(tinyModel()), { keep: [1, 2] })).toThrow('expected the special id 0 among those that stay');
    expect(() => pruneVocabulary(odd(tinyModel()), { keep: [0, 0] })).toThrow('but found some twice');
    expect(() => pruneVocabulary(odd(tinyModel()), { keep: [0, 23] })).toThrow('different ids below 23 but found 23');
  });

  test('its tokenizer writes every text with the tokens that stay', async () => {
    const text = 'the cat sat on the mat and the hat, the cat ran at the rat';
    const tokenizer = await trainBpe([text], { vocabSize: 290, specialTokens: ['<|end|>'] });
    const json = JSON.parse(tokenizerToText(tokenizer)) as unknown;
    const counts = new Uint32Array(tokenizer.size);
    for (const id of tokenizer.encode(text)) counts[id]!++;
    const { json: small, keep } = pruneTokenizer(json, { counts, size: 270 });
    const pruned = tokenizerFromJson(small);
    expect(keep.length).toBeLessThanOrEqual(270);
    expect(pruned.size).toBe(keep.length);
    expect(pruned.decode(pruned.encode(`${text} — é`))).toBe(`${text} — é`);
    for (const [i, id] of keep.entries()) expect(pruned.idToBytes(i)).toEqual(tokenizer.idToBytes(id));
    expect(pruned.encode(text).length).toBeLessThan(text.length);
    expect(() => pruneTokenizer(json, { counts, size: 100 })).toThrow('expected a size of 257');
    expect(() => pruneTokenizer({ model: { type: 'Unigram' } }, { counts, size: 9 })).toThrow('expected a tokenizer.json with BPE but found Unigram');
  });
});

test('students are freed as any tree', () => {
  const { params } = dropLayers(odd(tinyModel({ layers: 2 })), { keep: [0] });
  const total = (tree: Tree): number => Object.values(flatten(tree)).reduce((all, each) => all + sum(square(each)).dataSync()[0]!, 0);
  expect(total(params)).toBeGreaterThan(0);
  disposeTree(params);
});

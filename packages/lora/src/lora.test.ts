import { createModel, type Model } from '@llm/model';
import { countParameters, disposeTree, flatten, type Leaf, leaves, linear, linearCrossEntropy, mapLeaves, memory, ones, rowBlocks, scope, sum, tensor, type Tree, useDevice, valueAndGrad, type Weight, zeros } from '@llm/tensor';
import { expectClose, numbers } from '@llm/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapterOf, adapterTensors, attach, detach, disposeAdapter, trainable } from './adapter.ts';
import { dropoutLoss, withDropout } from './dropout.ts';
import { hashOf } from './host-random.ts';
import { gaussian } from './init/random-init.ts';
import { isLoraLayer } from './layers/lora-layer.ts';
import { lora, type LoraOptions } from './lora.ts';
import { merge } from './merge.ts';
import { quantizeBase } from './quantize-base.ts';
import { modulesOf } from './targets/modules.ts';

const llama = (): { model: Model; params: Tree } => {
  const model = createModel({ model_type: 'llama', vocab_size: 32, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, tie_word_embeddings: false }) as Model;
  return { model, params: model.init(3) };
};
const gpt2 = (): { model: Model; params: Tree } => {
  const model = createModel({ model_type: 'gpt2', vocab_size: 32, n_positions: 16, n_embd: 16, n_head: 4, n_layer: 2 }) as Model;
  return { model, params: model.init(3) };
};
const ids = Int32Array.of(1, 5, 9, 30);
const logits = (model: Model, params: Tree): Float32Array => scope(() => model.apply(params, { ids: tensor(ids, [1, 4], 'int32') }).dataSync() as Float32Array);
/** The same adapter with numbers that are not its first, made by `seed`. */
const disturbed = (params: Tree, seed: number): Tree => attach(detach(params), {
  layers: Object.fromEntries(Object.entries(adapterOf(params).layers).map(([module, layer], i) => [module, layer.with(Object.fromEntries(
    Object.entries(layer.tensors).map(([name, { shape, size }], j) => [name, tensor(numbers(size, 100 * seed + 7 * i + j), [...shape])])))])),
  saved: {},
});

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

describe('laws', () => {
  const models = { llama: llama(), gpt2: gpt2() };
  const options = fc.record({
    name: fc.constantFrom('llama' as const, 'gpt2' as const), rank: fc.integer({ min: 1, max: 9 }), alpha: fc.integer({ min: 1, max: 64 }), seed: fc.nat(),
    rsLora: fc.boolean(), dora: fc.boolean(),
  });

  test('B = 0 is the identity, to the bit', () => {
    fc.assert(fc.property(options, ({ name, ...rest }) => {
      const { model, params } = models[name];
      const adapted = lora(params, { targets: 'all-linear', ...rest });
      expect(logits(model, adapted)).toEqual(logits(model, params));
      disposeAdapter(adapterOf(adapted));
    }), { numRuns: 25 });
  });

  test('switching adapters back and forth is bit-identical, and off is the base', () => {
    fc.assert(fc.property(options, ({ name, ...rest }) => {
      const { model, params } = models[name];
      const [one, two] = [1, 2].map((seed) => adapterOf(disturbed(lora(params, { targets: 'all-linear', ...rest }), seed)));
      const first = logits(model, attach(params, one!));
      const second = logits(model, attach(params, two!));
      expect(second).not.toEqual(first);
      expect(logits(model, attach(params, one!))).toEqual(first);
      expect(logits(model, attach(detach(attach(params, one!)), two!))).toEqual(second);
      expect(logits(model, detach(attach(attach(params, one!), two!)))).toEqual(logits(model, params));
      for (const each of [one!, two!]) disposeAdapter(each);
    }), { numRuns: 10 });
  });

  test('two adapters over each other add their parts', () => {
    const { params } = models.llama;
    const base = params as { model: { layers: { 0: { mlp: { up_proj: { weight: Leaf } } } } } };
    const make = (seed: number): Tree => disturbed(lora(params, { targets: ['up_proj'], layers: [0], rank: 2 }), seed);
    const up = (tree: Tree): Leaf => (tree as typeof base).model.layers[0].mlp.up_proj.weight;
    const x = tensor(numbers(32), [2, 16]);
    const run = (tree: Tree): Float32Array => scope(() => linear(x, up(tree)).dataSync() as Float32Array);
    const [one, two] = [make(1), make(2)];
    const both = run(attach(one, adapterOf(two)));
    const [zero, a, b] = [run(params), run(one), run(two)];
    expectClose(both, zero.map((value, i) => a[i]! + b[i]! - value), { tolerance: 1e-5 });
    // Of the two the outer one is trained.
    const paths = Object.keys(flatten(attach(one, adapterOf(two)))).filter(trainable(attach(one, adapterOf(two))));
    expect(paths).toEqual(['lora_A', 'lora_B'].map((name) => `model.layers.0.mlp.up_proj.weight.${name}`));
  });
});

describe('targets', () => {
  const names = (options: LoraOptions, params: Tree = llama().params): string[] => Object.keys(adapterOf(lora(params, options)).layers);

  test('ends of names, patterns, all linear layers, defaults of a model type, layers, exclusion', () => {
    expect(names({ targets: ['q_proj'] })).toEqual(['model.layers.0.self_attn.q_proj', 'model.layers.1.self_attn.q_proj']);
    expect(names({ targets: ['mlp.up_proj'], layers: [1] })).toEqual(['model.layers.1.mlp.up_proj']);
    expect(names({ targets: /layers\.0\..*[qv]_proj/ })).toEqual(['model.layers.0.self_attn.q_proj', 'model.layers.0.self_attn.v_proj']);
    expect(names({ targets: 'all-linear' })).toHaveLength(14);
    expect(names({ targets: 'all-linear', exclude: ['mlp.down_proj'] })).toHaveLength(12);
    expect(names({ targets: 'all-linear', exclude: /mlp/, layersPattern: 'layers', layers: [0] })).toHaveLength(4);
    expect(names({ modelType: 'llama' })).toEqual(names({ targets: ['q_proj', 'v_proj'] }));
    expect(names({ modelType: 'gpt2' }, gpt2().params)).toEqual(['transformer.h.0.attn.c_attn', 'transformer.h.1.attn.c_attn']);
    expect(names({ targets: 'all-linear' }, gpt2().params)).toHaveLength(8);
    expect(names({ targets: ['embed_tokens', 'lm_head'] })).toEqual(['model.embed_tokens', 'lm_head']);
  });

  test('none that matches is an error that lists those there are (case 24)', () => {
    const refused: [LoraOptions, string][] = [
      [{ targets: ['query'] }, 'expected targets that match modules of the model but found none for ["query"]. Name some of embed_tokens, q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, lm_head.'],
      [{ targets: /nothing/ }, 'found none for /nothing/. Name some of embed_tokens'],
      [{ targets: ['q_proj'], layers: [7] }, 'found none for ["q_proj"] in layers 7'],
      [{}, 'expected targets, or a model type that has defaults, but found neither'],
      [{ modelType: 'mamba' }, 'but found the type mamba'],
      [{ targets: ['q_proj'], modulesToSave: ['classifier'] }, 'expected modulesToSave to name modules of the model but found no classifier. Name some of embed_tokens, input_layernorm'],
    ];
    const { params } = llama();
    const before = memory().tensors;
    for (const [options, message] of refused) expect(() => lora(params, options)).toThrow(expect.objectContaining({ code: 'E_TARGETS', message: expect.stringContaining(message) }));
    for (const options of [{ rank: 0 }, { rank: 1.5 }, { alpha: NaN }, { dropout: 1 }]) expect(() => lora(params, { targets: ['q_proj'], ...options })).toThrow(RangeError);
    expect(memory().tensors).toBe(before);
  });

  test('patterns give ranks and alphas by the end of a name', () => {
    const { layers } = adapterOf(lora(llama().params, { targets: ['q_proj', 'k_proj'], rank: 4, alpha: 8, rankPattern: { 'layers.1.self_attn.q_proj': 2, k_proj: 3 }, alphaPattern: { '.*0.*k_proj': 1 } }));
    const found = Object.values(layers).map((layer) => (isLoraLayer(layer) ? [layer.settings.rank, layer.settings.alpha, layer.scaling] : []));
    expect(found).toEqual([[4, 8, 2], [3, 1, 1 / 3], [2, 8, 4], [3, 8, 8 / 3]]);
    expect(Object.values(adapterOf(lora(llama().params, { targets: ['q_proj'], rank: 16, alpha: 8, rsLora: true })).layers).map((layer) => isLoraLayer(layer) && layer.scaling)).toEqual([2, 2]);
  });

  test('names tell embeddings, heads and matrices stored the other way round', () => {
    const found = Object.fromEntries(modulesOf(gpt2().params).map(({ name, ...rest }) => [name, [rest.outputs, rest.inputs, rest.embedding, rest.fanInFanOut]]));
    expect(found['transformer.wte']).toEqual([16, 32, true, true]);
    expect(found['transformer.h.0.attn.c_attn']).toEqual([48, 16, false, true]);
    expect(modulesOf(llama().params).find(({ name }) => name === 'lm_head')).toMatchObject({ head: true, outputs: 32, inputs: 16, fanInFanOut: false });
  });
});

test('A is uniform in ±1/√in, or normal with deviation 1/r; B is zero; both are functions of the seed and the name', () => {
  const base = { proj: { weight: zeros([8, 400]) } };
  const a = (options: LoraOptions): Float32Array => Object.values(adapterTensors(adapterOf(lora(base, { targets: ['proj'], rank: 16, ...options }))))[0]!.dataSync() as Float32Array;
  const values = a({});
  expect(Math.max(...values)).toBeLessThan(1 / 20);
  expect(Math.max(...values)).toBeGreaterThan(0.99 / 20);
  const deviation = (x: Float32Array): number => Math.sqrt(x.reduce((total, value) => total + value * value, 0) / x.length);
  // Of a uniform in ±b it is b/√3.
  expect(Math.abs(deviation(values) / (1 / 20 / Math.sqrt(3)) - 1)).toBeLessThan(0.03);
  expect(Math.abs(deviation(a({ init: gaussian })) * 16 - 1)).toBeLessThan(0.03);
  expect(a({ seed: 0 })).toEqual(values);
  expect(a({ seed: 1 })).not.toEqual(values);
});

test('only the adapter gets gradients, and nothing of the frozen model is computed', () => {
  const { model, params } = llama();
  const adapted = disturbed(lora(params, { targets: ['q_proj', 'v_proj'], rank: 2, layers: [1] }), 5);
  const loss = (tree: Tree): ReturnType<typeof sum> => sum(model.hidden(tree, { ids: tensor(ids, [1, 4], 'int32') }));
  const { value, grads } = valueAndGrad(loss, { trainable: trainable(adapted) })(adapted);
  expect(Object.keys(grads).sort()).toEqual(Object.keys(flatten(adapted)).filter(trainable(adapted)).sort());
  expect(Object.keys(grads)).toHaveLength(4);
  value.dispose();
  disposeTree(grads);
});

test('a module that is trained as a whole stands in the tree beside its original, a tied head beside the embedding', () => {
  const { model, params } = gpt2();
  const adapted = lora(params, { targets: ['c_attn'], modulesToSave: ['lm_head', 'ln_f'] });
  const wanted = Object.keys(flatten(adapted)).filter(trainable(adapted));
  expect(wanted.filter((path) => !path.includes('lora_'))).toEqual(['transformer.ln_f.weight', 'transformer.ln_f.bias', 'lm_head.weight']);
  expect(Object.keys(adapterOf(adapted).saved)).toEqual(['transformer.ln_f.weight', 'transformer.ln_f.bias', 'lm_head.weight']);
  expect(logits(model, adapted)).toEqual(logits(model, params));
  expect(leaves(detach(adapted))).toEqual(leaves(params));
  expect(countParameters(adapted)).toBe(countParameters(params) + 2 * (8 * (16 + 48)) + 2 * 16 + 32 * 16);
  expect(() => lora(params, { targets: ['c_attn'], modulesToSave: ['wte'] })).toThrow('to be trained together but found only transformer.wte.weight. Add lm_head');
});

describe('dropout', () => {
  const base = { proj: { weight: zeros([2, 64]) }, other: { proj: { weight: zeros([2, 64]) } } };
  const params = lora(base, { targets: ['proj'], dropout: 0.5, init: ({ rank, inputs, outputs }) => ({ a: ones([rank, inputs]), b: ones([outputs, rank]) }), rank: 1, alpha: 1 });
  const run = (tree: Tree, of: 'proj' | 'other' = 'proj'): number => scope(() => linear(ones([1, 64]), (of === 'proj' ? tree['proj'] as { weight: Weight } : (tree['other'] as typeof base).proj).weight as Weight).dataSync()[0]!);

  test('acts on the adapter\'s input alone, by seed and path, and only where it is turned on', () => {
    expect(run(params)).toBe(64);
    const dropped = run(withDropout(params, 1));
    expect(dropped).not.toBe(64);
    expect(dropped % 2).toBe(0);
    expect(run(withDropout(params, 1))).toBe(dropped);
    const many = Array.from({ length: 50 }, (_, seed) => run(withDropout(params, seed)));
    expect(new Set(many).size).toBeGreaterThan(10);
    expect(Math.abs(many.reduce((total, value) => total + value, 0) / 50 - 64)).toBeLessThan(5);
    expect(Array.from({ length: 20 }, (_, seed) => run(withDropout(params, seed), 'other'))).not.toEqual(many.slice(0, 20));
    // The base is not dropped.
    expect(run(withDropout(lora({ proj: { weight: ones([2, 64]) } }, { targets: ['proj'], dropout: 0.9 }), 3))).toBe(64);
  });

  test('a seed in memory drops the same, and layers never share a mask: one over another, nor two whose names have one hash', () => {
    const wide = (tree: Tree, name: string): string => scope(() => linear(ones([1, 64]), (tree[name] as { weight: Weight }).weight).dataSync().join());
    const identity = tensor(Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 65 === 0 ? 1 : 0)), [64, 64]);
    const options = (targets: string[]): LoraOptions => ({ targets, dropout: 0.5, rank: 64, alpha: 64, init: () => ({ a: identity, b: identity }) });
    const [one, two] = ['rdbmtq', 'csduut'] as const;
    expect(hashOf(`${one}.weight`) % 2 ** 31).toBe(hashOf(`${two}.weight`) % 2 ** 31);
    const twins = lora({ [one]: { weight: zeros([64, 64]) }, [two]: { weight: zeros([64, 64]) } }, options([one, two]));
    const dropping = withDropout(twins, 1);
    expect(wide(dropping, one)).not.toBe(wide(dropping, two));
    expect(wide(withDropout(twins, tensor([1, 0], [2], 'int32')), one)).toBe(wide(dropping, one));
    // Two layers of one mask would give 0 and 4 alone.
    const stacked = lora(lora({ proj: { weight: zeros([64, 64]) } }, options(['proj'])), options(['proj']));
    expect(wide(withDropout(stacked, 1), 'proj')).toContain('2');
  });

  test('a loss gets the seed of its step, and asks for none where nothing drops', () => {
    const seeds: number[] = [];
    const context = { get seed() { seeds.push(1); return 1; } };
    const wrapped = dropoutLoss((tree: Tree) => sum(linear(ones([1, 64]), (tree['proj'] as { weight: Weight }).weight)));
    expect(wrapped(params, undefined, context).dataSync()[0]).toBe(2 * run(withDropout(params, 1)));
    expect(seeds).toHaveLength(1);
    wrapped(lora(base, { targets: ['proj'] }), undefined, context);
    expect(seeds).toHaveLength(1);
  });

  test('survives that a layer is taken apart and put together again, as recomputed layers are', () => {
    const seeded = withDropout(params, 4);
    expect(run(mapLeaves(seeded, (leaf) => ('with' in leaf ? leaf.with(leaf.tensors) : leaf)))).toBe(run(seeded));
  });
});

test('over a matrix in blocks of rows: the losses are those over the whole, a base in few bits too, and merging says why it cannot', async () => {
  const values = numbers(24, 5);
  const [hidden, targets] = [tensor(numbers(12, 6), [3, 4]), tensor([5, 0, 2], [3], 'int32')];
  const whole = { proj: { weight: tensor(values, [6, 4]) } };
  const blocks = { proj: { weight: rowBlocks([tensor(values.slice(0, 16), [4, 4]), tensor(values.slice(16), [2, 4])]) } };
  const lossOf = (params: Tree): number => scope(() => linearCrossEntropy(hidden, (params as { proj: { weight: Leaf } }).proj.weight, targets).dataSync()[0]!);
  const adapted = [whole, blocks].map((params) => disturbed(lora(params, { targets: ['proj'], rank: 2 }), 3));
  expect(lossOf(adapted[1]!)).toBeCloseTo(lossOf(adapted[0]!), 5);
  const few = await Promise.all(adapted.map((params) => quantizeBase(params, { targets: ['proj'] })));
  expect(lossOf(few[1]!)).toBeCloseTo(lossOf(few[0]!), 5);
  expect(lossOf(few[0]!)).not.toBe(lossOf(adapted[0]!));
  await expect(merge(adapted[1]!)).rejects.toThrow('expected a weight that can give its matrix');
});

import { readFileSync } from 'node:fs';
import { disposeTree, flatten, linear, memory, readSafetensors, scope, type Tensor, tensor, toFloat32, type Tree, useDevice, type Weight } from '@llm/tensor';
import { expectClose, numbers } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEncoderDecoder, createModel } from '../config/create-model.ts';
import { GPT2_SMALL, llamaOfDepth } from '../presets.ts';
import { paramsFromTensors } from './checkpoint.ts';
import { resizeTokenEmbeddings } from './resize-token-embeddings.ts';

const at = (name: string): URL => new URL(`../architectures/fixtures/${name}`, import.meta.url);
const CONFIGS = JSON.parse(readFileSync(at('encoders.json'), 'utf8')) as Record<string, Record<string, unknown>>;

beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
});

const values = (params: Tree, path: string): number[] => [...flatten(params)[path]!.dataSync()];

describe.each([
  ['bert', 'bert.embeddings.word_embeddings.weight', 'bert.embeddings.word_embeddings.weight'],
  ['roberta', 'roberta.embeddings.word_embeddings.weight', 'roberta.embeddings.word_embeddings.weight'],
  ['t5', 'shared.weight', 'shared.weight'],
  ['t5-v1_1', 'shared.weight', 'lm_head.weight'],
])('%s', (name, embedding, head) => {
  test('new rows and their logits are those of transformers up to its noise', () => {
    const { tensors } = readSafetensors(readFileSync(at(`${name}.safetensors`)));
    const checkpoint = new Map([...tensors].flatMap(([path, raw]) => (path.startsWith('param.') ? [[path.slice(6), raw] as const] : [])));
    const int = (key: string): Tensor => tensor(Int32Array.from(toFloat32(tensors.get(key)!)), [...tensors.get(key)!.shape], 'int32');
    const segments = (): Tensor => tensor(Int32Array.from(toFloat32(tensors.get('mask')!), (seen) => seen - 1), [...tensors.get('mask')!.shape], 'int32');
    const wanted = (key: string): Float32Array => toFloat32(tensors.get(`resized.${key}`)!);
    // In transformers the tied head has its new size before its bias is looked at, and new biases are filled up with 0; here they are the mean too.
    const biases = tensors.get('param.cls.predictions.bias') ?? tensors.get('param.lm_head.bias');
    const bias = biases === undefined ? 0 : toFloat32(biases).reduce((sum, value) => sum + value, 0) / 40;
    // Rows of it have deviations of 3e-5 of the old ones' 0.2, times √16 in logits.
    const tolerance = 1e-3;
    const compare = (params: Tree, logits: () => Tensor): void => {
      expectClose(values(params, embedding).slice(40 * 16), wanted('embedding'), { tolerance, name: 'embedding' });
      expectClose(values(params, head).slice(40 * 16), wanted('head'), { tolerance, name: 'head' });
      const found = scope(() => [...logits().dataSync()].filter((_, i) => i % 43 >= 40));
      const mask = [...toFloat32(tensors.get('mask')!)];
      const real = (all: ArrayLike<number>): number[] => Array.from(all).filter((_, i) => name.startsWith('t5') || mask[Math.floor(i / 3)] === 1);
      expectClose(real(found), real(wanted('logits').map((logit) => logit + bias)), { tolerance, name: 'logits' });
      disposeTree(params);
    };
    if (name.startsWith('t5')) {
      const model = createEncoderDecoder(CONFIGS[name]!);
      const resized = resizeTokenEmbeddings(model, paramsFromTensors(model, checkpoint), { vocabSize: 43 });
      expect(resized.model.shape).toEqual({ ...model.shape, vocabSize: 43 });
      compare(resized.params, () => resized.model.apply(resized.params, { encoder: { ids: int('ids'), segments: segments() }, decoder: { ids: int('decoder_ids') } }));
    } else {
      const model = createModel(CONFIGS[name]!);
      const resized = resizeTokenEmbeddings(model, paramsFromTensors(model, checkpoint), { vocabSize: 43 });
      expect(resized.model.shape).toEqual({ ...model.shape, vocabSize: 43 });
      compare(resized.params, () => resized.model.apply(resized.params, { ids: int('ids'), segments: segments(), tokenTypes: int('types') }));
    }
  });
});

describe.each([
  ['llama', { ...llamaOfDepth(1, { vocabSize: 20 }), tied: false }, ['model.embed_tokens.weight', 'lm_head.weight']],
  ['llama, tied', llamaOfDepth(1, { vocabSize: 20 }), ['model.embed_tokens.weight']],
  ['gpt2', { ...GPT2_SMALL, vocabSize: 20, hiddenSize: 8, heads: 2, layers: 1, intermediateSize: 8, bosId: 0, eosIds: [0] }, ['transformer.wte.weight']],
] as const)('%s', (_name, config, tables) => {
  test('without noise each new row is the mean; the others, and everything else, stay as they are', () => {
    const model = createModel(config);
    const params = model.init(1);
    const old = Object.fromEntries(Object.entries(flatten(params)).map(([path, value]) => [path, [...value.dataSync()]]));
    const before = memory().tensors;
    const resized = resizeTokenEmbeddings(model, params, { vocabSize: 22, noise: 0 });
    expect(memory().tensors).toBe(before);
    expect(Object.keys(flatten(resized.params))).toEqual(Object.keys(old));
    expect(resized.model.config).toEqual({ ...model.config, vocabSize: 22 });
    for (const [path, value] of Object.entries(flatten(resized.params))) {
      const found = [...value.dataSync()];
      expect(found.slice(0, old[path]!.length), path).toEqual(old[path]);
      if (!(tables as readonly string[]).includes(path)) continue;
      const width = found.length / 22;
      const means = Array.from({ length: width }, (_, c) => Array.from({ length: 20 }, (_, row) => old[path]![row * width + c]!).reduce((sum, x) => sum + x, 0) / 20);
      expectClose(found.slice(20 * width), [...means, ...means], { tolerance: 1e-6, name: path });
    }
    const back = resizeTokenEmbeddings(resized.model, resized.params, { vocabSize: 20 });
    for (const [path, value] of Object.entries(flatten(back.params))) expect([...value.dataSync()], path).toEqual(old[path]);
    disposeTree(back.params);
  });
});

test('new rows have the mean and the covariance of the old ones, and are a function of the seed', () => {
  const model = createModel({ model_type: 'gpt2', vocab_size: 30, n_positions: 2, n_embd: 2, n_head: 1, n_layer: 1 });
  const run = (seed: number): number[] => {
    const params = model.init(0);
    const table = flatten(params)['transformer.wte.weight']!;
    const skewed = numbers(60, 3).map((x, i) => (i % 2 === 0 ? 1 + x : -0.5 * numbers(60, 3)[i - 1]! + 0.3 * x));
    const given = tensor(skewed, [30, 2]);
    const resized = resizeTokenEmbeddings(model, { transformer: { ...(params as unknown as { transformer: Tree }).transformer, wte: { weight: given } } }, { vocabSize: 20_030, noise: 1, seed });
    table.dispose();
    const found = values(resized.params, 'transformer.wte.weight');
    disposeTree(resized.params);
    return found;
  };
  const statistics = (rows: number[]): number[] => {
    const [x, y] = [rows.filter((_, i) => i % 2 === 0), rows.filter((_, i) => i % 2 === 1)];
    const middle = (all: number[]): number => all.reduce((sum, value) => sum + value, 0) / all.length;
    const [mx, my] = [middle(x), middle(y)];
    return [mx, my, middle(x.map((value) => (value - mx) ** 2)), middle(x.map((value, i) => (value - mx) * (y[i]! - my))), middle(y.map((value) => (value - my) ** 2))];
  };
  const found = run(1);
  // 20,000 samples: deviations of about 1 % of each.
  statistics(found.slice(60)).forEach((value, i) => expect(value).toBeCloseTo(statistics(found.slice(0, 60))[i]!, 1.5));
  expect(Math.abs(statistics(found.slice(60))[3]!)).toBeGreaterThan(0.05);
  expect(run(1)).toEqual(found);
  expect(run(2)).not.toEqual(found);
});

test('refuses what cannot be, and leaves the tree as it was', () => {
  const model = createModel({ model_type: 'gpt2', vocab_size: 20, n_positions: 4, n_embd: 4, n_head: 1, n_layer: 1, eos_token_id: 19 });
  const params = model.init(0);
  expect(() => resizeTokenEmbeddings(model, params, { vocabSize: 19 })).toThrow(/eos_token_id/);
  expect(() => resizeTokenEmbeddings(model, params, { vocabSize: 0 })).toThrow(/vocab_size/);
  expect(() => resizeTokenEmbeddings(model, params, { vocabSize: 21, noise: -1 })).toThrow(RangeError);
  const { wte } = (params as unknown as { transformer: { wte: { weight: Tensor } } }).transformer;
  const weight: Weight = { shape: [20, 4], tensors: { w: wte.weight }, with: () => weight, apply: (x) => linear(x, wte.weight) };
  const wrapped = { transformer: { ...(params as unknown as { transformer: Tree }).transformer, wte: { weight } } };
  expect(() => resizeTokenEmbeddings(model, wrapped, { vocabSize: 21 })).toThrow(/weight that applies itself at transformer.wte.weight/);
  expect(Object.values(flatten(params)).every(({ isDisposed }) => !isDisposed)).toBe(true);
  disposeTree(params);
});

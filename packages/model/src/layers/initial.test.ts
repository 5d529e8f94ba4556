import { disposeTree, flatten, memory, useDevice } from '@llm/tensor';
import { beforeAll, expect, test } from 'vitest';
import { createModel } from '../config/create-model.ts';
import { GPT2_SMALL, llamaOfDepth } from '../presets.ts';

beforeAll(async () => {
  await useDevice();
});

const deviation = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);

test('a function of the seed alone, whatever else the model has', () => {
  const values = (layers: number, seed: number): string => {
    const params = createModel({ ...llamaOfDepth(1, { vocabSize: 32 }), layers }).init(seed);
    const found = flatten(params)['model.layers.0.mlp.up_proj.weight']!.dataSync().join();
    disposeTree(params);
    return found;
  };
  expect(values(1, 3)).toBe(values(2, 3));
  expect(values(1, 3)).not.toBe(values(1, 4));
});

test('matrices have the deviation of the configuration, those onto the residual of GPT-2 one less by √(2 · layers)', () => {
  const config = { ...GPT2_SMALL, vocabSize: 64, hiddenSize: 128, intermediateSize: 512, heads: 2, layers: 2, bosId: 0, eosIds: [0] };
  const params = createModel(config).init(1);
  const flat = flatten(params);
  // 128 · 384 samples: the deviation of a sample deviation is about 1 / √(2 · 49,152) of it, 0.3 %.
  expect(deviation(flat['transformer.h.0.attn.c_attn.weight']!.dataSync()) / 0.02).toBeCloseTo(1, 1);
  expect(deviation(flat['transformer.h.1.mlp.c_proj.weight']!.dataSync()) / (0.02 / 2)).toBeCloseTo(1, 1);
  expect(deviation(flat['transformer.h.0.ln_1.weight']!.dataSync())).toBe(1);
  expect(deviation(flat['transformer.h.0.attn.c_attn.bias']!.dataSync())).toBe(0);
  disposeTree(params);
});

test('an impossible seed is refused and leaves nothing behind', () => {
  const before = memory().tensors;
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) expect(() => createModel(GPT2_SMALL).init(seed)).toThrow(RangeError);
  expect(memory().tensors).toBe(before);
});

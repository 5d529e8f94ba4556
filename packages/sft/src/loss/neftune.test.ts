import { createModel } from '@llm/model';
import { disposeTree, embed, memory, scope, type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { beforeEach, expect, test } from 'vitest';
import { plainExample } from '../examples/example.ts';
import { toBatch } from '../rows/to-batch.ts';
import { withNoisyEmbeddings } from './neftune.ts';
import { sftLoss } from './sft-loss.ts';

const model = createModel({ model_type: 'gpt2', vocab_size: 31, n_positions: 32, n_embd: 16, n_head: 2, n_layer: 1 });
const batch = toBatch([[plainExample([1, 2, 3, 4, 5, 6])], [plainExample([7, 8, 9])]]);
beforeEach(async () => { await useDevice('wasm', { threads: 1 }); });

test('the noise is uniform within α / √(length · width), and the same for the same seed', () => {
  const table = tensor(new Float32Array(31 * 16), [31, 16]);
  const noise = (seed: number): Float32Array => scope(() => {
    const { model: { embed_tokens: { weight } } } = withNoisyEmbeddings({ model: { embed_tokens: { weight: table } } }, { alpha: 5, seed }) as unknown as { model: { embed_tokens: { weight: Tensor } } };
    return embed(tensor(new Int32Array(40 * 25), [40, 25], 'int32'), weight).dataSync().slice() as Float32Array;
  });
  const values = noise(1);
  const bound = 5 / Math.sqrt(25 * 16);
  expect(values.length).toBe(40 * 25 * 16);
  expect(Math.max(...values)).toBeLessThanOrEqual(bound);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-bound);
  // Of a uniform distribution: mean 0 and variance bound² / 3, here within five standard errors of 16,000 samples.
  expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan((5 * bound) / Math.sqrt(3 * values.length));
  expect(values.reduce((sum, value) => sum + value * value, 0) / values.length / (bound * bound / 3)).toBeCloseTo(1, 1);
  expect(noise(1)).toEqual(values);
  expect(noise(2)).not.toEqual(values);
});

test('only where a seed comes with the batch: training, not evaluation', () => {
  const params = model.init(0);
  const loss = (neftuneAlpha: number | undefined, seed?: number): number => {
    const value = sftLoss(model, neftuneAlpha === undefined ? {} : { neftuneAlpha })(params, batch, seed === undefined ? {} : { seed });
    const [number = NaN] = value.dataSync();
    value.dispose();
    return number;
  };
  expect(loss(5)).toBe(loss(undefined));
  expect(loss(5, 1)).toBe(loss(5, 1));
  expect(loss(5, 1)).not.toBe(loss(5, 2));
  expect(Math.abs(loss(1e-6, 1) - loss(undefined))).toBeLessThan(1e-5);
  disposeTree(params);
});

test('every parameter, the tied embedding among them, gets its gradient under its own name, and nothing leaks', () => {
  const params = model.init(0);
  const run = (neftuneAlpha?: number): string[] => {
    const { value, grads } = valueAndGrad(sftLoss(model, neftuneAlpha === undefined ? {} : { neftuneAlpha }))(params, batch, { seed: 3 });
    const names = Object.entries(grads).filter(([, gradient]) => gradient.dataSync().some((g) => g !== 0)).map(([path]) => path);
    value.dispose();
    disposeTree(grads);
    return names;
  };
  const plain = run();
  const before = memory().tensors;
  expect(run(5)).toEqual(plain);
  expect(plain).toContain('transformer.wte.weight');
  expect(memory().tensors).toBe(before);
  disposeTree(params);
});

test('a model without one embedding is refused', () => {
  expect(() => withNoisyEmbeddings({ w: tensor([1]) }, { alpha: 5, seed: 0 })).toThrow('expected one embedding (embed_tokens, wte or word_embeddings) but found 0');
});

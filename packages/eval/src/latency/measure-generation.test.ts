import { createModel } from '@llm/model';
import { disposeTree, int8, mapLeaves, memory, quantizedWeight, type Tensor, useDevice } from '@llm/tensor';
import { beforeAll, expect, test } from 'vitest';
import { measureGeneration, percentiles } from './measure-generation.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const model = createModel({ model_type: 'gpt2', vocab_size: 64, n_positions: 64, n_embd: 32, n_head: 2, n_layer: 1, eos_token_id: 1 });

test('percentiles, interpolated', () => {
  // >>> numpy.percentile([1, 2, 3, 4, 100], [50, 95, 99]); the ranks are 2, 3.8 and 3.96.
  const found = percentiles([100, 1, 3, 2, 4]);
  expect(found).toEqual({ p50: 3, p95: expect.closeTo(80.8, 10), p99: expect.closeTo(96.16, 10), mean: 22 });
  expect(percentiles([7])).toEqual({ p50: 7, p95: 7, p99: 7, mean: 7 });
});

test('times of runs by a clock that ticks once a look', async () => {
  const params = model.init(0);
  const before = memory().tensors;
  let ticks = 0;
  const found = await measureGeneration(model, params, { prompts: [[1, 2, 3, 4], [5, 6]], maxTokens: 9, runs: 3, now: () => ticks++ });
  // One look at the start of a run and one at each step: a tick to the first token, one between steps.
  expect(ticks).toBe(4 * 10);
  expect(found).toMatchObject({ firstTokenMs: { p50: 1, p99: 1 }, perTokenMs: { mean: 1 }, tokensPerSecond: 2000, promptTokensPerSecond: 6000, rows: 2, runs: 3 });
  // wte 64 · 32, wpe 64 · 32, two norms of a block and one at the end, 4 · 32² and 8 · 32² with their biases 4 · 32 and 5 · 32; the head is the embedding.
  expect(found.weightBytes).toBe(4 * (64 * 32 + 64 * 32 + 6 * 32 + 12 * 32 * 32 + 4 * 32 + 5 * 32));
  expect(found.peakBytes).toBeGreaterThan(found.weightBytes);
  expect(memory().tensors).toBe(before);
  disposeTree(params);
});

test('weights in few bits count as few, and nothing is measured of nothing', async () => {
  const params = model.init(0);
  const shrunk = mapLeaves(params, (leaf, path) => (path.endsWith('mlp.c_fc.weight') ? quantizedWeight((leaf as Tensor).dataSync() as Float32Array, { shape: [32, 128], format: int8(), transposed: true }) : leaf));
  const options = { prompts: [[1, 2]], maxTokens: 2, runs: 1, warmup: 0 };
  const [full, few] = [await measureGeneration(model, params, options), await measureGeneration(model, shrunk, options)];
  // 4,096 numbers in one byte each and their scales, instead of four.
  const saved = full.weightBytes - few.weightBytes;
  expect(saved > 2.5 * 4096 && saved < 3 * 4096, `${saved}`).toBe(true);
  await expect(measureGeneration(model, params, { prompts: [] })).rejects.toThrow(RangeError);
  disposeTree(shrunk);
  (params as unknown as { transformer: { h: { 0: { mlp: { c_fc: { weight: Tensor } } } } } }).transformer.h[0].mlp.c_fc.weight.dispose();
});

import { createModel, flopsPerToken, trainingMemory } from '@llm/model';
import { expect, test } from 'vitest';
import { ARTICLE, savingsOf, together } from './savings.ts';
import { costOf, flopsText, sumOf } from './step-cost.ts';
import { halfTheLayers, inExperts, memoryOf, stepFlopsOf, type Work } from './work.ts';

const config = { model_type: 'llama', vocab_size: 300, hidden_size: 16, intermediate_size: 32, num_hidden_layers: 4, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 64, tie_word_embeddings: true };
const work: Work = { config, steps: 10, batch: 2, length: 16, accumulate: 3, checkpointed: false, precision: 'f32', adapter: false };

test('energy and money by what is stated, nothing where it is not', () => {
  expect(costOf({ seconds: 3600, flops: 5 }, { watts: 1000, pricePerHour: 2, pricePerKwh: 0.5 })).toEqual({ seconds: 3600, flops: 5, kwh: 1, money: 2.5 });
  expect(costOf({ seconds: 3600 }, {})).toEqual({ seconds: 3600, flops: undefined, kwh: undefined, money: undefined });
  expect(costOf({ seconds: 3600 }, { pricePerKwh: 1 }).money).toBeUndefined();
  expect(sumOf([costOf({ seconds: 1, flops: 2 }, { watts: 1 }), costOf({ seconds: 2 }, { watts: 1 })])).toMatchObject({ seconds: 3, flops: 2, money: undefined });
  expect([flopsText(1.234e12), flopsText(undefined), flopsText(12)]).toEqual(['1.23 TFLOP', '', '12.0 FLOP']);
});

test('a step is three forward passes of all its tokens, two for an adapter, one more when checkpointed', () => {
  const { forward, training } = flopsPerToken(createModel(config), { length: 16 });
  const tokens = 2 * 16 * 3;
  expect(stepFlopsOf(work)).toBe(training * tokens);
  expect(stepFlopsOf({ ...work, adapter: true })).toBe(2 * forward * tokens);
  expect(stepFlopsOf({ ...work, checkpointed: true })).toBe(4 * forward * tokens);
});

test('memory is that of the model; an adapter spares gradients and state', () => {
  const full = trainingMemory(createModel(config), { batch: 2, length: 16, checkpointed: false, accumulate: 3 });
  expect(memoryOf(work)).toEqual(full);
  const adapter = memoryOf({ ...work, adapter: true })!;
  expect([adapter.optimizer, adapter.gradients, adapter.peak < full.peak, adapter.peak >= full.parameters]).toEqual([0, 0, true, true]);
  expect(memoryOf({ ...work, config: inExperts(config)! })).toBeUndefined();
});

test('a student has half the layers; experts have the parameters of the whole, of which a token meets a quarter of the MLP', () => {
  expect(createModel(halfTheLayers(config)!).shape.layers).toBe(2);
  expect(halfTheLayers({ ...config, num_hidden_layers: 1 })).toBeUndefined();
  const numbers = (of: Readonly<Record<string, unknown>>): number => createModel(of).parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  // The same but for a gate of 4 × 16 in each of 4 layers.
  expect(numbers(inExperts(config)!) - numbers(config)).toBe(4 * 4 * 16);
  expect(inExperts({ ...config, model_type: 'gpt2' })).toBeUndefined();
});

test('savings are measured where steps can be timed, estimated by operations where not, and multiplied kind by kind', async () => {
  const options = { text: { kept: 3, read: 4 }, device: 'wasm', f16: undefined };
  const seconds = (of: Work): number => (of.checkpointed ? 1.4 : of.config === work.config ? 1 : of.config.model_type === 'mixtral' ? 0.7 : 0.6);
  const measured = await savingsOf(work, { ...options, time: async (of) => ({ seconds: seconds(of), how: 'measured' }) });
  expect(measured.map(({ name, factor, how }) => [name, factor, how])).toEqual([
    ['cleaning', 0.75, 'measured'], ['compression', 0.6, 'measured'], ['mixture of experts', 0.7, 'measured'], ['mixed precision', undefined, 'estimated'], ['activation checkpointing', 1.4, 'measured'],
  ]);
  // 0.75 of the data, 0.6 of the model, and nothing of the infrastructure that is below 1.
  expect(together(measured)).toBeCloseTo(0.75 * 0.6, 12);
  const estimated = await savingsOf(work, { ...options, f16: 2, time: async () => ({ seconds: 1, how: 'estimated' }) });
  expect(estimated.map(({ how }) => how)).toEqual(['measured', 'estimated', 'estimated', 'estimated', 'estimated']);
  expect(estimated[3]!.factor).toBe(0.5);
  expect(estimated[4]!.factor).toBeCloseTo(4 / 3, 12);
  expect(ARTICLE).toEqual({ data: 0.8, model: 0.5, infrastructure: 0.5 });
});

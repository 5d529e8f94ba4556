import { createModel } from '@llm/model';
import { expect, test } from 'vitest';
import { CARD } from '../fixtures/gpu-answers.ts';
import { checkMemory, fitsTraining, memoryLimits } from '../train/check-memory.ts';
import { largestTensor } from '../train/largest-tensor.ts';
import { largestModel } from './largest-model.ts';

const model = createModel({
  model_type: 'llama', vocab_size: 1000, hidden_size: 32, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 64,
});

test('the largest tensor is what a layer makes of all tokens, a chunk of logits, or a matrix that cannot be cut', () => {
  // The embedding of 1000 · 32 numbers may be in several tensors; four rows of logits are one.
  expect(largestTensor(model, { batch: 1, length: 4 })).toBe(4 * 4 * 1000);
  const gpt2 = createModel({ model_type: 'gpt2', vocab_size: 1000, n_positions: 64, n_embd: 64, n_head: 4, n_layer: 1 });
  expect(largestTensor(gpt2, { batch: 1, length: 4 })).toBe(4 * 64 * 256);
  // 96 numbers of the MLP a token, more than 32 + 2 · 16 of queries, keys and values; 96 · 1000 logits at a time are more still
  expect(largestTensor(model, { batch: 1, length: 96 })).toBe(4 * 96 * 1000);
  expect(largestTensor(model, { batch: 1000, length: 64 })).toBe(4 * 64_000 * 96);
});

test('a card limits each tensor, its host the copy, an imitation both', () => {
  const free = 2 ** 34;
  expect(memoryLimits({ name: 'webgpu', threads: 1, gpu: CARD }, free)).toMatchObject({ deviceBytes: Infinity, tensorBytes: 2 ** 31 });
  const imitation = memoryLimits({ name: 'webgpu', threads: 1, gpu: { ...CARD, software: true } }, free);
  expect(imitation.deviceBytes).toBe(imitation.hostBytes);
  expect(memoryLimits({ name: 'wasm', threads: 4 }, free)).toMatchObject({ deviceBytes: 2 ** 32, tensorBytes: Infinity, hostBytes: Infinity });
  expect(memoryLimits({ name: 'cpu', threads: 1 }, free).deviceBytes).toBeGreaterThan(2 ** 32);
  expect(memoryLimits({ name: 'wasm', threads: 4 }, 0).deviceBytes).toBe(0);
});

test('a tensor that the card cannot bind is refused before it is made, with what would fit', () => {
  const gpu = { ...CARD, limits: { ...CARD.limits, maxStorageBufferBindingSize: 2 ** 20 } };
  const limits = memoryLimits({ name: 'webgpu', threads: 1, gpu }, 2 ** 34);
  const refused = (): unknown => checkMemory(model, { batch: 64, length: 64 }, limits);
  expect(refused).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
  expect(refused).toThrow('llm: expected tensors of at most 1 MiB, what this graphics card binds at once, but found an estimate of 8.00 MiB for the largest. Try one of:\n  --batch 1 --accumulate 64');
  expect(() => checkMemory(model, { batch: 1, length: 64 }, limits)).not.toThrow();
  expect(() => checkMemory(model, { batch: 64, length: 64 }, { ...limits, tensorBytes: Infinity, hostBytes: 1000 })).toThrow('beside the graphics card');
});

test('the largest model of the family fits, and the next does not', () => {
  const options = { batch: 2, length: 128 };
  const limits = { deviceBytes: 2 ** 30, tensorBytes: Infinity, hostBytes: Infinity, extraBytes: 0 };
  const { trained, generating } = largestModel(limits, options);
  // Four numbers of four bytes for each parameter while it trains, one when it generates, and what is beside them.
  expect(trained).toBeGreaterThan(2 ** 30 / 16 / 3);
  expect(trained).toBeLessThan(2 ** 30 / 16);
  expect(generating).toBeGreaterThan(2 ** 30 / 4 / 2);
  expect(generating).toBeLessThan(2 ** 30 / 4);
  expect(largestModel({ ...limits, deviceBytes: 2 ** 20 }, options)).toEqual({ trained: 0, generating: 0 });
  expect(largestModel(limits, { batch: 64, length: 512 }).trained).toBeLessThan(trained);
  // An embedding of 64 MB or more does not count where a tensor has room for 32 MiB: it is in several.
  expect(largestModel({ ...limits, tensorBytes: 2 ** 25 }, options)).toEqual({ trained, generating });
  expect(largestModel({ ...limits, tensorBytes: 2 ** 16 }, options)).toEqual({ trained: 0, generating: 0 });
  expect(fitsTraining(model, options, limits)).toBe(true);
});

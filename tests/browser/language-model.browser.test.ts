// In a page, from text to a model that has learnt something: every package that a page uses, from what it publishes.
import { createLedger, exactDedup, filterDocuments, gopherRepetition } from '@llm/data-quality';
import { hasRelaxedSimd } from '@llm/kernels';
import { createModel, generate, tensorsFromParams } from '@llm/model';
import { batches, causalLoss, packDocuments } from '@llm/pretrain';
import { disposeTree, memory, readSafetensors, useDevice, writeSafetensors } from '@llm/tensor';
import { gpt2Split, trainBpe } from '@llm/tokenizer';
import { adamw, constant, train } from '@llm/train';
import { expect, test } from 'vitest';

test('filter, tokenize, train, save, generate', async () => {
  const { threads } = await useDevice();
  expect(threads).toBeGreaterThan(0);
  expect(typeof hasRelaxedSimd()).toBe('boolean');

  const sentence = (i: number): string => `On day ${i} the keeper counted ${2 * i} boats, wrote the number in a book, and lit the lamp before dark.`;
  const documents = Array.from({ length: 60 }, (_, i) => ({ id: String(i), text: sentence(i % 50) }));
  const ledger = createLedger();
  const texts: string[] = [];
  for await (const { text } of filterDocuments(documents, [exactDedup(), gopherRepetition()], { ledger })) texts.push(text);
  // Ten of the sixty say again what was said.
  expect(texts.length).toBe(50);

  const tokenizer = await trainBpe(texts, { vocabSize: 300, pattern: gpt2Split, specialTokens: ['<|endoftext|>'] });
  expect(tokenizer.decode(tokenizer.encode(texts[7]!))).toBe(texts[7]);
  const eos = tokenizer.encode('<|endoftext|>')[0]!;

  const before = memory().tensors;
  const model = createModel({
    model_type: 'llama', vocab_size: tokenizer.size, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
    max_position_embeddings: 64,
  });
  const params = model.init(1);
  const rows = packDocuments(texts.map((text) => tokenizer.encode(text)), { length: 32, eos });
  const losses: number[] = [];
  const optimizer = adamw({ lr: constant(1e-2) });
  for await (const { loss } of train({ params, loss: causalLoss(model), batches: batches(rows, { batch: 8, seed: 0 }), optimizer, steps: 5 })) losses.push(loss);
  expect(losses.length).toBe(5);
  // A model that knows nothing pays ln(vocabulary).
  expect(Math.abs(losses[0]! - Math.log(tokenizer.size))).toBeLessThan(0.5);
  expect(losses[4]).toBeLessThan(losses[0]! - 0.3);

  const file = writeSafetensors(await tensorsFromParams(model, params));
  expect(readSafetensors(file).tensors.has('model.embed_tokens.weight')).toBe(true);

  const ids: number[] = [];
  for await (const { id } of generate(model, params, [tokenizer.encode('On day')], { maxTokens: 8, seed: 1, eosIds: [] })) ids.push(id);
  expect(ids.length).toBe(8);
  expect(typeof tokenizer.decode(ids)).toBe('string');
  disposeTree(params);
  // The model keeps its cosines and sines.
  expect(memory().tensors).toBe(before + 2);
});

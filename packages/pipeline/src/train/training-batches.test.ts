import { candidates, type Sampler } from '@llm/model';
import { expect, test } from 'vitest';
import { growingStore } from '../corpus/token-store.ts';
import { packStore, textEnds } from './training-batches.ts';
import { withText } from './with-text.ts';

test('a document begins and ends with the tokens of the configuration; with one alone, that does both', () => {
  const store = growingStore();
  store.add([7, 8]);
  store.add([9]);
  const documents = store.finish();
  const tokens = (config: { bosId?: number; eosIds: number[] }): number[] => [...packStore(documents, { length: 4, ...textEnds(config) }).tokens];
  expect(tokens({ bosId: 1, eosIds: [2, 3] })).toEqual([1, 7, 8, 2, 1, 9, 2]);
  expect(tokens({ eosIds: [2] })).toEqual([2, 7, 8, 2, 2, 9, 2]);
});

test('ids that a model has beyond its tokenizer are never drawn', () => {
  const context = { history: [], uniform: () => 0 };
  const list = candidates(Float32Array.of(1, 4, 2, 8));
  const all: Sampler = (given) => given;
  expect(withText(all, { size: 3, vocabSize: 4 })(list, context)).toEqual({ ids: Int32Array.of(0, 1, 2), logits: Float32Array.of(1, 4, 2), sorted: false });
  expect(withText(all, { size: 4, vocabSize: 4 })).toBe(all);
});

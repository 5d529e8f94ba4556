// Special tokens are in the vocabularies of models, and the text of a user is not them.
import { expect, test } from 'vitest';
import { type ModelJson, tokenizerFromJson } from '../index.ts';

const tokens = ['<unk>', '</s>', 'a', '<', '/', 's', '>'];
const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
const models: ModelJson[] = [
  { type: 'Unigram', unk_id: 0, vocab: tokens.map((token, id) => [token, id < 2 ? 0 : -2]), byte_fallback: false },
  { type: 'WordLevel', unk_token: '<unk>', vocab },
  { type: 'WordPiece', unk_token: '<unk>', continuing_subword_prefix: '', max_input_chars_per_word: 100, vocab },
  { type: 'BPE', dropout: null, unk_token: '<unk>', continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true, byte_fallback: false, ignore_merges: true, vocab, merges: [] },
];

test.each(models.map((model) => [model.type, model] as const))('%s', (type, model) => {
  const tokenizer = tokenizerFromJson({
    version: '1.0', truncation: null, padding: null, normalizer: null, pre_tokenizer: { type: 'WhitespaceSplit' }, post_processor: null, decoder: null, model,
    added_tokens: [0, 1].map((id) => ({ id, content: tokens[id]!, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
  });
  expect([...tokenizer.encode('a </s>')]).toEqual(type === 'WordLevel' ? [2, 0] : [2, 3, 4, 5, 6]);
  expect([...tokenizer.encode('a </s>', { allowSpecial: true })]).toEqual([2, 1]);
  // What is unknown still is.
  expect([...tokenizer.encode('\u0436')]).toEqual([0]);
});

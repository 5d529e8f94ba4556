import { processorMilliseconds } from '@llm/testing/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BpeModelJson, TokenizerError, tokenizerFromJson, trainBpe, type TokenizerJson } from './index.ts';

let good: Omit<TokenizerJson, 'model'> & { model: BpeModelJson };
beforeAll(async () => {
  good = (await trainBpe(['ab abc'], { vocabSize: 260, specialTokens: ['<|end|>'] })).toJSON() as typeof good;
});

type Json = Record<string, unknown>;

// The code and the message of what reading `json` throws.
function refusal(json: unknown): string {
  try {
    tokenizerFromJson(json);
  } catch (error) {
    expect(error).toBeInstanceOf(TokenizerError);
    const { code, message } = error as TokenizerError;
    expect(message).toMatch(/^tokenizerFromJson: expected .+ but found .+\. .+\. \[E_TOKENIZER_[A-Z]+\]$/s);
    expect(message).toContain(`[${code}]`);
    expect(message.length).toBeLessThan(1000);
    return `${code} ${message}`;
  }
  throw new Error('nothing was thrown');
}

const withModel = (patch: Json): Json => ({ ...good, model: { ...good.model, ...patch } });
const withVocab = (patch: Json): Json => withModel({ vocab: { ...good.model.vocab, ...patch } });
const split = (regex: unknown, patch: Json = {}): Json => ({
  ...good,
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false, ...patch },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
});
const added = (...tokens: Json[]): Json => ({
  ...good,
  added_tokens: tokens.map((token) => ({ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...token })),
});

describe('files that are not tokenizers', () => {
  test.each([null, undefined, 1, 'text', [], {}, { model: null }, { model: [] }, { model: 'BPE' }])('%j', (json) => {
    expect(refusal(json)).toContain('E_TOKENIZER_JSON');
  });

  test('fields of the wrong type', () => {
    expect(refusal({ ...good, truncation: { max_length: 8 } })).toContain('expected truncation.strategy');
    expect(refusal({ ...good, padding: {} })).toContain('expected padding.strategy');
    expect(refusal(withModel({ vocab: [] }))).toContain('E_TOKENIZER_JSON tokenizerFromJson: expected model.vocab to be an object');
    expect(refusal(withModel({ merges: {} }))).toContain('expected model.merges to be an array but found an object');
    expect(refusal(withModel({ merges: [['a']] }))).toContain('expected model.merges[0] to be two tokens');
    expect(refusal(withModel({ merges: ['a b c'] }))).toContain('E_TOKENIZER_JSON');
    expect(refusal(withModel({ merges: [['a', 7]] }))).toContain('E_TOKENIZER_JSON');
    expect(refusal(withModel({ merges: [null] }))).toContain('E_TOKENIZER_JSON');
    expect(refusal(withModel({ ignore_merges: 'yes' }))).toContain('model.ignore_merges');
    expect(refusal(withVocab({ x: '300' }))).toContain('E_TOKENIZER_JSON');
    expect(refusal(withVocab({ x: -1 }))).toContain('E_TOKENIZER_JSON');
    expect(refusal(withVocab({ x: 1.5 }))).toContain('E_TOKENIZER_JSON');
    expect(refusal(withVocab({ '\ud800': 260 }))).toContain('E_TOKENIZER_JSON');
    expect(refusal({ ...good, added_tokens: 3 })).toContain('E_TOKENIZER_JSON');
    expect(refusal(added({ id: 0 }))).toContain('added_tokens[0].content');
    expect(refusal(added({ id: 260, content: '' }))).toContain('added_tokens[0].content');
    expect(refusal(added({ id: 260, content: 'x'.repeat(257) }))).toContain('added_tokens[0].content');
    expect(refusal(added({ id: 260, content: 'x', special: 1 }))).toContain('added_tokens[0].special');
  });
});

describe('vocabularies and merges that do not fit together', () => {
  test('ids twice, with gaps, and huge', () => {
    expect(refusal(withVocab({ x1: 5 }))).toContain('E_TOKENIZER_VOCAB');
    expect(refusal(withVocab({ x1: 5 }))).toContain('id 5 for both');
    // A gap is an id without a token, as in the reference.
    expect(tokenizerFromJson(withVocab({ x1: 261 })).idToToken(260)).toBeUndefined();
    expect(refusal(withVocab({ x1: 4294967295 }))).toContain('E_TOKENIZER_VOCAB');
    expect(refusal(added({ id: 262, content: 'x1' }))).toContain('expected added_tokens[0] to have id 260 for "x1"');
    expect(refusal(added({ id: 5, content: '<|end|>' }))).toContain('E_TOKENIZER_VOCAB');
    expect(refusal(added({ id: 0, content: '<|end|>' }, { id: 0, content: '<|end|>' }))).toContain('each token once');
  });

  test('a byte without a token and without one for what is unknown leaves nothing, as in the reference', () => {
    const { c, ...vocab } = good.model.vocab;
    expect(c).toBeGreaterThan(0);
    const tokenizer = tokenizerFromJson(withModel({ vocab: { ...vocab, c1: c! }, merges: [['a', 'b']] }));
    expect(tokenizer.decode(tokenizer.encode('abcb'))).toBe('abb');
  });

  test('merges of missing tokens', () => {
    expect(refusal(withModel({ merges: [['a', 'nothing']] }))).toContain('E_TOKENIZER_MERGE');
    expect(refusal(withModel({ merges: [['b', 'a']] }))).toContain('found "ba", which has no id');
    expect(refusal(withModel({ merges: [['__proto__', 'constructor']] }))).toContain('E_TOKENIZER_MERGE');
  });

  test('ten million merges, at once', () => {
    const start = processorMilliseconds();
    expect(refusal(withModel({ merges: new Array(10_000_000).fill(['a', 'b']) }))).toContain('E_TOKENIZER_LIMIT');
    expect(processorMilliseconds() - start).toBeLessThan(2000);
  });

  test('added tokens without end', () => {
    const many = (count: number, content: (i: number) => string): Json =>
      added(...Array.from({ length: count }, (_, i) => ({ id: 260 + i, content: content(i) })));
    expect(refusal(many(20_000, (i) => `${i}`.padStart(256, 'x')))).toContain('E_TOKENIZER_LIMIT');
    const tokenizer = tokenizerFromJson(many(20_000, (i) => `<${i}>`));
    expect(Array.from(tokenizer.encode('<19999><x', { allowSpecial: true })).slice(0, 1)).toEqual([20_259]);
  });

  test('a million repetitions of one long merge', () => {
    const long = 'a'.repeat(100_000);
    const vocab = { ...good.model.vocab, [long]: 260, [long + long]: 261 };
    const start = processorMilliseconds();
    const merges = new Array(1_000_000).fill([long, long]);
    expect((tokenizerFromJson(withModel({ vocab, merges })).toJSON().model as BpeModelJson).merges).toEqual([[long, long]]);
    expect(processorMilliseconds() - start).toBeLessThan(5000);
  });

  test('keys of the prototype are tokens like others', () => {
    const vocab = JSON.parse(JSON.stringify(good.model.vocab).replace(/}$/, ',"__proto__":260,"toString":261}')) as object;
    const tokenizer = tokenizerFromJson(withModel({ vocab }));
    expect(tokenizer.tokenToId('__proto__')).toBe(260);
    expect(tokenizer.tokenToId('valueOf')).toBeUndefined();
    expect(Object.keys(tokenizer.toJSON().model.vocab)).toContain('__proto__');
    expect(refusal(JSON.parse('{"__proto__": {"model": {}}}'))).toContain('E_TOKENIZER_UNSUPPORTED');
    expect(({} as Json)['model']).toBeUndefined();
  });
});

describe('components that are not supported are named', () => {
  test.each<[string, () => unknown, string]>([
    ['another model', () => withModel({ type: 'Bigram' }), 'expected model.type to be BPE, WordPiece, WordLevel or Unigram but found "Bigram"'],
    ['dropout', () => withModel({ dropout: 0.1 }), 'model.dropout to be null but found 0.1'],
    ['another version', () => ({ ...good, version: '2.0' }), 'expected version to be "1.0" but found "2.0"'],
    ['another field', () => ({ ...good, extra: 1 }), 'but found "extra"'],
    ['another normalizer', () => ({ ...good, normalizer: { type: 'Uppercase' } }), 'but found "Uppercase"'],
    ['a normalizer inside', () => ({ ...good, normalizer: { type: 'Sequence', normalizers: [{ type: 'NFQ' }] } }), 'normalizer.normalizers[0].type'],
    ['another pre-tokenizer', () => ({ ...good, pre_tokenizer: { type: 'Metaspaces' } }), '"Metaspaces"'],
    ['two characters for a blank', () => ({ ...good, pre_tokenizer: { type: 'Metaspace', replacement: '__' } }), 'pre_tokenizer.replacement to be one character'],
    ['another decoder', () => ({ ...good, decoder: { type: 'Bytes' } }), '"Bytes"'],
    ['another post-processor', () => ({ ...good, post_processor: { type: 'GptProcessing' } }), '"GptProcessing"'],
    ['a charsmap that is none', () => ({ ...good, normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAA' } }), 'precompiled_charsmap'],
  ])('%s', (_, json, message) => {
    expect(refusal(json())).toContain(message);
  });

  test('a normalizer that contains itself', () => {
    const cycle: Json = { type: 'Sequence' };
    cycle['normalizers'] = [cycle];
    expect(refusal({ ...good, normalizer: cycle })).toContain('E_TOKENIZER_UNSUPPORTED');
  });

  test('a pattern that would take forever is stopped, and one that is none is refused', () => {
    const known = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    expect(tokenizerFromJson(split(known)).encode(" ab's").length).toBe(3);
    for (const regex of ['(a', '[', '(?<name', 'x'.repeat(1_000_000)]) expect(refusal(split(regex))).toContain('E_TOKENIZER_REGEX');
    const hostile = tokenizerFromJson(split('(a+)+$'));
    const start = processorMilliseconds();
    expect(() => hostile.encode(`${'a'.repeat(200)}b`)).toThrow('E_TOKENIZER_REGEX');
    expect(processorMilliseconds() - start).toBeLessThan(5000);
  });

  test('templates', () => {
    const template = (single: unknown, special: unknown = {}): unknown => ({
      ...good,
      post_processor: { type: 'TemplateProcessing', single, pair: [], special_tokens: special },
    });
    const text = { Sequence: { id: 'A', type_id: 0 } };
    expect(refusal(template([{ SpecialToken: { id: 'x', type_id: 0 } }, text]))).toContain('one of special_tokens');
    expect(refusal(template([]))).toContain('E_TOKENIZER_UNSUPPORTED');
    expect(refusal(template([text, text]))).toContain('E_TOKENIZER_UNSUPPORTED');
    expect(refusal(template([{ Sequence: { id: 'C', type_id: 0 } }]))).toContain('"A" or "B"');
    expect(refusal(template([text], { x: { id: 'x', ids: [9999], tokens: ['x'] } }))).toContain('from 0 to 259');
    expect(refusal(template([text], { x: { id: 'x', ids: [0, 1], tokens: ['x'] } }))).toContain('as many ids as tokens');
    expect(refusal(template('A'))).toContain('E_TOKENIZER_JSON');
  });
});

// SentencePiece models that this package writes: what SentencePiece makes of them, and what is refused.
import { readFileSync } from 'node:fs';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import {
  type BpeModelJson, type CharacterBpeOptions, readSentencePiece, type Tokenizer, tokenizerFromJson, type TokenizerJson, trainBpe, trainCharacterBpe, trainUnigram, trainWordPiece,
  type UnigramJson, type UnigramOptions, writeSentencePiece,
} from '../index.ts';
import { protobufFields } from './protobuf.ts';

interface Case {
  name: string;
  kind: 'Unigram' | 'BPE';
  corpus: string;
  options: UnigramOptions & CharacterBpeOptions;
  model: string;
  ids: string;
  decoded: string;
}

const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));
const cases = fixture('written') as Case[];
const { strings, documents: hostile } = fixture('hostile') as { strings: string[]; documents: string[] };
const { more, models } = fixture('sentencepiece') as { more: string[]; models: Record<string, { model: string }> };
const trained = (fixture('trained') as { documents: Record<string, string[]> }).documents;
const documents: Record<string, string[]> = { ...trained, all: [...Object.values(trained).flat(), ...hostile] };
const texts = [...strings, ...more];
const trainers = { Unigram: trainUnigram, BPE: trainCharacterBpe };
/** Texts that can be cut in two equally likely ways, of which sums of 32 bits take the other one. */
const TIES: Record<string, number> = { 'Unigram, whole texts, bytes': 5 };

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', data)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
const textHash = (value: unknown): Promise<string> => sha256(new TextEncoder().encode(JSON.stringify(value)));

describe.each(cases.map((each) => [each.name, each] as const))('%s', (name, { kind, corpus, options, model, ids, decoded }) => {
  const training = trainers[kind](documents[corpus]!, options);

  test('the model that SentencePiece was given', async () => expect(await sha256(Uint8Array.from(writeSentencePiece(await training)))).toBe(model));

  test('its ids and texts', async () => {
    const tokenizer = await training;
    const again = readSentencePiece(writeSentencePiece(tokenizer));
    const rows = texts.map((text) => [...again.encode(text)]);
    expect(await textHash(rows)).toBe(ids);
    const known = rows.filter((row) => !row.includes(again.tokenToId('<unk>')!));
    expect(await textHash(known.map((row) => again.decode(row)))).toBe(decoded);
    expect(texts.filter((text, i) => [...tokenizer.encode(text)].join() !== rows[i]!.join()).length).toBe(TIES[name] ?? 0);
  });
});

test.each(Object.entries(models))('%s comes back byte for byte', (_, { model }) => {
  const bytes = Uint8Array.from(atob(model), (char) => char.charCodeAt(0));
  const tokenizer = readSentencePiece(bytes);
  const given = bytes.slice();
  bytes.fill(0);
  const written = writeSentencePiece(tokenizer);
  expect(written.join()).toBe(given.join());
  written.fill(0);
  expect(writeSentencePiece(tokenizer).join()).toBe(given.join());
});

test.each(['Unigram', 'as Llama'])('%s by way of its tokenizer.json: pieces, types, scores, charsmap, fields', (name) => {
  const original = readSentencePiece(Uint8Array.from(atob(models[name]!.model), (char) => char.charCodeAt(0)));
  const bytes = writeSentencePiece(tokenizerFromJson(JSON.parse(JSON.stringify(original.toJSON()))));
  const fieldsOf = (from: Uint8Array): Map<number, Map<number, number | Uint8Array>[]> => {
    const all = new Map<number, Map<number, number | Uint8Array>[]>();
    for (const { number, value } of protobufFields(from)) all.set(number, [...(all.get(number) ?? []), new Map(Array.from(protobufFields(value as Uint8Array), (field) => [field.number, field.value]))]);
    return all;
  };
  const [before, after] = [fieldsOf(writeSentencePiece(original)), fieldsOf(bytes)];
  // Of merges there are ranks only.
  const pieceOf = (piece: Map<number, number | Uint8Array>): unknown[] => [piece.get(1), name === 'Unigram' ? piece.get(2) : 0, piece.get(3) ?? 1];
  expect(after.get(1)!.map(pieceOf)).toEqual(before.get(1)!.map(pieceOf));
  for (const field of [3, 35]) expect(after.get(2)![0]!.get(field) ?? 0).toBe(before.get(2)![0]!.get(field) ?? 0);
  expect([40, 41, 42, 43].map((field) => after.get(2)![0]!.get(field))).toEqual([0, 1, 2, -1]);
  for (const [field, most] of [[2, new Uint8Array(0)], [3, 1], [4, 1], [5, 1]] as const) expect(after.get(3)![0]!.get(field) ?? most).toEqual(before.get(3)![0]!.get(field) ?? most);
  const again = readSentencePiece(bytes);
  for (const text of texts) expect(again.encode(text)).toEqual(original.encode(text));
});

test('thirty thousand pieces are written in no time to speak of', () => {
  const vocab = [['<unk>', 0], ['\u2581', -1], ...Array.from({ length: 30_000 }, (_, i): [string, number] => [String.fromCodePoint(0x10000 + i), -2 - i / 1e5])] as const;
  const tokenizer = tokenizerFromJson({
    version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'never', split: true },
    post_processor: null, decoder: null, model: { type: 'Unigram', unk_id: 0, vocab, byte_fallback: false },
  });
  const start = processorMilliseconds();
  expect(readSentencePiece(writeSentencePiece(tokenizer)).size).toBe(30_002);
  expect(processorMilliseconds() - start).toBeLessThan(5000);
});

test('special tokens are control pieces, which no text becomes, here and there', async () => {
  const { options, corpus } = cases[0]!;
  const tokenizer = await trainUnigram(documents[corpus]!, options);
  for (const each of [tokenizer, readSentencePiece(writeSentencePiece(tokenizer))]) {
    expect([...each.encode('a<s> <unk></s>')].filter((id) => id === 1 || id === 2)).toEqual([]);
    expect([...each.encode('</s>', { allowSpecial: true })]).toContain(2);
  }
});

describe('what no model can hold is named', () => {
  const base = async (): Promise<TokenizerJson> => (await trainUnigram(['a b ab abab ba'], { vocabSize: 20, specialTokens: ['<unk>'], unkToken: '<unk>', initialAlphabet: ['\u2581'], preTokenizer: METASPACE })).toJSON();
  const bpe = async (): Promise<TokenizerJson> => (await trainCharacterBpe(['ab ab abab cab'], { vocabSize: 20, specialTokens: ['<unk>'], unkToken: '<unk>', fuseUnk: true, initialAlphabet: ['\u2581'], preTokenizer: METASPACE })).toJSON();
  const METASPACE = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'never', split: true } as const;
  const unigramModel = (json: TokenizerJson): UnigramJson => json.model as UnigramJson;
  const bpeModel = (json: TokenizerJson): BpeModelJson => json.model as BpeModelJson;
  const refused = (tokenizer: Tokenizer): string => {
    try {
      writeSentencePiece(tokenizer);
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_TOKENIZER_UNSUPPORTED' });
      return (error as Error).message;
    }
    return 'written';
  };

  test.each([
    ['as it is', () => undefined, 'written'],
    ['a prefix by Metaspace', (json) => (json.pre_tokenizer = { ...METASPACE, prepend_scheme: 'always' }), 'expected Metaspace with prepend_scheme "never" but found "always"'],
    ['another character for blanks', (json) => (json.pre_tokenizer = { ...METASPACE, replacement: '_' }), 'Metaspace with \u2581, or none'],
    ['cuts at punctuation', (json) => (json.pre_tokenizer = { type: 'Whitespace' }), 'but found Whitespace'],
    ['words at any whitespace', (json) => (json.pre_tokenizer = { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, METASPACE] }), 'expected WhitespaceSplit to follow'],
    ['small letters', (json) => (json.normalizer = { type: 'Lowercase' }), 'but found Lowercase'],
    ['blanks that stay', (json) => (json.pre_tokenizer = null), 'expected blanks to become \u2581'],
    ['nothing for what is unknown', (json) => (unigramModel(json).unk_id = null), 'expected a token for what is unknown but found none'],
    ['no piece for blanks', (json) => (unigramModel(json).vocab = unigramModel(json).vocab.filter(([token]) => token !== '\u2581')), 'expected a piece for \u2581'],
    ['pieces across words', (json) => unigramModel(json).vocab.push(['a\u2581b', -3]), 'but found "a\u2581b"'],
    ['bytes that lack', (json) => (unigramModel(json).byte_fallback = true), 'but found none for <0x00>'],
    ['a special token that is the least likely', (json) => (unigramModel(json).vocab[0] = ['<unk>', -99]), 'no less likely than all others but found "<unk>"'],
    ['an added token that strips', (json) => (json.added_tokens[0] = { ...json.added_tokens[0]!, lstrip: true }), 'without lstrip'],
    ['a decoder for words', (json) => (json.decoder = { type: 'WordPiece', prefix: '##', cleanup: true }), 'but found WordPiece'],
    ['an added token that is not special, behind which a blank comes', (json) => {
      json.normalizer = { type: 'Prepend', prepend: '\u2581' };
      json.added_tokens[0] = { ...json.added_tokens[0]!, special: false };
    }, 'Behind a piece of the user'],
  ] as [string, (json: TokenizerJson) => unknown, string][])('Unigram: %s', async (_, change, message) => {
    const json = await base();
    change(json);
    expect(refused(tokenizerFromJson(json))).toContain(message);
  });

  test.each([
    ['as it is', () => undefined, 'written'],
    ['unknown characters one by one', (json) => (bpeModel(json).fuse_unk = false), 'expected fuse_unk to be true'],
    ['a piece without a merge', (json) => (bpeModel(json).vocab.ba = Object.keys(bpeModel(json).vocab).length), 'pieces that the merges make but found "ba"'],
    ['a piece of which a character lacks', (json) => (bpeModel(json).vocab.xy = Object.keys(bpeModel(json).vocab).length), 'but found "xy"'],
    ['a merge that makes a special token', (json) => (json.added_tokens.push({ ...json.added_tokens[0]!, content: 'ab', id: bpeModel(json).vocab.ab! })), 'no special tokens and no bytes but found "ab"'],
    ['a suffix', (json) => (bpeModel(json).end_of_word_suffix = '</w>'), 'but found "</w>"'],
  ] as [string, (json: TokenizerJson) => unknown, string][])('BPE: %s', async (_, change, message) => {
    const json = await bpe();
    change(json);
    expect(refused(tokenizerFromJson(json))).toContain(message);
  });

  test('merges that another order of merges hides', async () => {
    // "b c" comes before "a b": "abc" becomes a, bc, which SentencePiece would merge to abc.
    const json = await bpe();
    const tokens = ['<unk>', '\u2581', 'a', 'b', 'c', 'bc', 'ab', 'abc'];
    Object.assign(bpeModel(json), { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [['b', 'c'], ['a', 'b'], ['ab', 'c']] });
    expect(refused(tokenizerFromJson(json))).toContain('but found "abc"');
    bpeModel(json).merges = [['a', 'b'], ['b', 'c'], ['ab', 'c']];
    const tokenizer = tokenizerFromJson(json);
    const again = readSentencePiece(writeSentencePiece(tokenizer));
    for (const text of ['abc', 'babcab', 'bc abc cbabcbc', 'aabbcc']) expect(again.encode(text)).toEqual(tokenizer.encode(text));
  });

  test('tokenizers of other kinds', async () => {
    expect(refused(await trainBpe(['a b'], { vocabSize: 257 }))).toContain('found ByteLevel');
    expect(refused(await trainWordPiece(['a b'], { vocabSize: 10, specialTokens: ['[UNK]'] }))).toContain('found WordPiece');
  });
});

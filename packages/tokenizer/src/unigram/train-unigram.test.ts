// Unigram models against those of Hugging Face `tokenizers`, where its own runs agree.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tokenizerFromJson, tokenizerToText, type TokenizerJson, trainUnigram, type UnigramJson, type UnigramOptions, type UnigramProgress } from '../index.ts';

interface Case extends Required<Pick<UnigramOptions, 'normalizer' | 'preTokenizer'>> {
  name: string;
  documents: string;
  options: UnigramOptions;
  missing: string[];
  least: number[];
  pieces: [string, number][];
  file?: TokenizerJson;
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));
const cases = read('unigram') as Case[];
const { documents } = read('trained') as { documents: Record<string, string[]> };
const SPECIAL = ['<pad>', '<unk>'];

test.each(cases.map((each) => [each.name, each] as const))('%s', async (_, { documents: corpus, options, missing, least, pieces, file, normalizer, preTokenizer }) => {
  const tokenizer = await trainUnigram(documents[corpus]!, { ...options, normalizer, preTokenizer, specialTokens: SPECIAL, unkToken: '<unk>' });
  const json = tokenizer.toJSON();
  const { vocab } = json.model as UnigramJson;
  if (file) expect(tokenizerToText(tokenizerFromJson({ ...file, model: { ...file.model, vocab } as UnigramJson }))).toBe(tokenizerToText(tokenizer));
  expect(vocab.slice(0, 2)).toEqual([['<pad>', 0], ['<unk>', 0]]);
  const scores = new Map(vocab.slice(2));
  expect(scores.size).toBe(missing.length + pieces.length);
  const worst = pieces.map(([piece, score]) => Math.abs(scores.get(piece)! - score)).reduce((most, each) => (each <= most ? most : each), 0);
  expect(worst).toBeLessThan(1.5e-9);
  // Characters that no piece was left of: the lowest score, and each a little more.
  missing.map((char) => scores.get(char)!).sort((a, b) => b - a).forEach((score, i) => expect(score).toBeCloseTo(least[i]!, 8));
  expect(vocab.slice(2).map(([, score]) => score)).toEqual([...scores.values()].sort((a, b) => b - a));
});

test('the unknown token comes first where it is not among the special ones, and the file is read again', async () => {
  const tokenizer = await trainUnigram(documents.English!, { vocabSize: 120, specialTokens: ['<s>'], unkToken: '<unk>', preTokenizer: { type: 'Whitespace' } });
  expect([0, 1].map((id) => tokenizer.idToToken(id))).toEqual(['<unk>', '<s>']);
  expect([...tokenizer.specialTokens]).toEqual([['<s>', 1]]);
  const file = tokenizerToText(tokenizer);
  expect(tokenizerToText(tokenizerFromJson(JSON.parse(file)))).toBe(file);
  expect([...tokenizer.encode('\u0436')]).toEqual([0]);
});

test('with bytes every text can be written, and comes back', async () => {
  const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true } as const;
  const blank = { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' } as const;
  const tokenizer = await trainUnigram(documents.English!, {
    vocabSize: 350, byteFallback: true, unkToken: '<unk>', preTokenizer: metaspace,
    decoder: { type: 'Sequence', decoders: [blank, { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] },
  });
  expect(tokenizer.size).toBe(350);
  expect([0, 1, 256].map((id) => tokenizer.idToToken(id))).toEqual(['<unk>', '<0x00>', '<0xFF>']);
  for (const text of ['the \u0436\u0437', '\u{1f600} with the', '\u4f60']) {
    expect([...tokenizer.encode(text)]).not.toContain(0);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  }
});

test('as the reference has it, words end at U+0000, and nothing is called as what stands for the unknown while training', async () => {
  const vocabOf = async (documents: string[]): Promise<Map<string, number>> => new Map(((await trainUnigram(documents, { vocabSize: 60, preTokenizer: { type: 'WhitespaceSplit' } })).toJSON().model as UnigramJson).vocab);
  const cut = await vocabOf([...Array.from({ length: 3 }, () => 'abab abc abd zab'), 'ab\0ab']);
  const expected = { ab: -0.5091242836497596, d: -2.3443440006693717, c: -2.3443440006693717, z: -2.3443440006693717, a: -4.393556698509711, b: -4.393556698509712, '\0': -4.393556698509712 };
  expect([...cut.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [piece, score] of Object.entries(expected)) expect(cut.get(piece)).toBeCloseTo(score, 13);
  const named = await vocabOf(['a<UNK> b<UNK> <UNK>c <UNK>d <UNK>']);
  expect(named.has('<UNK>')).toBe(false);
  expect(named.has('U')).toBe(true);
});

test('reports what it does, and stops where it is told to', async () => {
  const text = Array.from({ length: 100 }, (_, i) => `${documents.English![i % documents.English!.length]!} ${i}`);
  const seen: UnigramProgress[] = [];
  await trainUnigram(text, { vocabSize: 200, onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toEqual({ phase: 'fit', pieces: 200, target: 220 });
  const pieces = seen.filter(({ phase }) => phase === 'fit').map((each) => each.pieces);
  expect(pieces).toEqual([...pieces].sort((a, b) => b - a));
  const stop = new AbortController();
  await expect(trainUnigram(text, { vocabSize: 200, signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) })).rejects.toThrow('enough');
});

describe('what is wrong is named', () => {
  test.each([
    [{ vocabSize: 2 }, 'trainUnigram: expected vocabSize to be at least 3, the number of different characters'],
    [{ vocabSize: 0 }, 'expected vocabSize'],
    [{ shrinkingFactor: 1 }, 'expected shrinkingFactor'],
    [{ subIterations: 0 }, 'expected subIterations'],
    [{ maxPieceLength: 0 }, 'expected maxPieceLength'],
    [{ seedSize: 0 }, 'expected seedSize'],
    [{ specialTokens: [''] }, 'special tokens'],
    [{ unkToken: '' }, 'special tokens'],
    [{ vocabSize: 256, byteFallback: true }, '256 ids are taken'],
    [{ signal: AbortSignal.abort(new Error('enough')) }, 'enough'],
  ] as [UnigramOptions, string][])('%j', async (options, message) => {
    await expect(trainUnigram(['abc'], options)).rejects.toThrow(message);
  });

  test('nothing at all is a model of nothing', async () => {
    expect((await trainUnigram([], { vocabSize: 10 })).size).toBe(0);
  });
});

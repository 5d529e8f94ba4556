// WordPiece and BPE over characters against the files of Hugging Face `tokenizers`.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type BpeModelJson, type CharacterBpeOptions, tokenizerToText, trainCharacterBpe, trainWordPiece, type WordPieceOptions } from '../index.ts';

interface Case extends Pick<WordPieceOptions, 'normalizer' | 'preTokenizer' | 'decoder'> {
  name: string;
  kind: 'WordPiece' | 'BPE';
  options: WordPieceOptions & CharacterBpeOptions;
  words: [word: string, count: number][];
  documents: string;
  saved: string;
}

const { documents, cases } = JSON.parse(readFileSync(new URL('../../fixtures/trained.json', import.meta.url), 'utf8')) as { documents: Record<string, string[]>; cases: Case[] };
const trainers = { WordPiece: trainWordPiece, BPE: trainCharacterBpe };

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe.each(cases.map((each) => [each.name, each] as const))('%s', (_, { kind, options, words, documents: corpus, saved, ...pipeline }) => {
  const train = trainers[kind];

  test('the same file to the byte', async () => {
    const tokenizer = await train(words.flatMap(([word, count]) => Array.from({ length: count }, () => word)), { ...options, ...pipeline });
    expect(await sha256(tokenizerToText(tokenizer))).toBe(saved);
  });

  test('whole documents are cut into the same words', async () => {
    // Their order differs, so ids may; what a training without ties between ids starts from does not.
    const bare = { ...options, vocabSize: 0, ...pipeline };
    const [whole, single] = await Promise.all([train(documents[corpus]!, bare), train(words.map(([word]) => word), { ...bare, limitAlphabet: 10_000 })]);
    const tokensOf = (tokenizer: typeof whole): string[] => Array.from({ length: tokenizer.size }, (_, id) => tokenizer.idToToken(id)!).sort();
    if (options.limitAlphabet === undefined) expect(tokensOf(whole)).toEqual(tokensOf(single));
    else expect(tokensOf(single)).toEqual(expect.arrayContaining(tokensOf(whole)));
    if (options.continuingSubwordPrefix === undefined && options.endOfWordSuffix === undefined && kind === 'BPE') {
      expect(await sha256(tokenizerToText(await train(documents[corpus]!, { ...options, ...pipeline })))).toBe(saved);
    }
  });
});

describe('worked by hand', () => {
  test('a prefix is left out where tokens merge, and of rare characters the alphabet leaves out the later ones', async () => {
    // ab ×2 and cab: pairs are "a ##b" 2, "c ##a" 1 and "##a ##b" 1, of which c has the lower id. Characters are a 3, b 3, c 1.
    const documents = ['ab', 'cab', 'ab'];
    const tokenizer = await trainCharacterBpe(documents, { vocabSize: 8, continuingSubwordPrefix: '##' });
    const { model } = tokenizer.toJSON();
    expect(Object.keys((model as BpeModelJson).vocab)).toEqual(['a', 'b', 'c', '##b', '##a', 'ab', 'ca', 'cab']);
    expect((model as BpeModelJson).merges).toEqual([['a', '##b'], ['c', '##a'], ['ca', '##b']]);
    expect((await trainCharacterBpe(documents, { vocabSize: 0, limitAlphabet: 2 })).size).toBe(2);
    expect((await trainCharacterBpe(['xy'], { vocabSize: 0, limitAlphabet: 1 })).idToToken(0)).toBe('x');
    expect((await trainCharacterBpe(['xy'], { vocabSize: 0, limitAlphabet: 1, initialAlphabet: ['zz'] })).idToToken(0)).toBe('z');
  });

  test('a lone surrogate is U+FFFD', async () => {
    expect((await trainWordPiece(['\ud800'], { vocabSize: 0 })).idToToken(0)).toBe('\ufffd');
  });
});

test('reports, stops when told to, and names what is wrong', async () => {
  const phases: string[] = [];
  await trainWordPiece(['ab ab'], { vocabSize: 10, onProgress: ({ phase }) => phases.push(phase) });
  expect(phases.at(-1)).toBe('merge');
  await expect(trainWordPiece([], { vocabSize: 1, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  await expect(trainWordPiece([], { vocabSize: -1 })).rejects.toThrow('trainWordPiece: expected vocabSize');
  await expect(trainCharacterBpe([], { vocabSize: 9, limitAlphabet: 0.5 })).rejects.toThrow('trainCharacterBpe: expected limitAlphabet');
  await expect(trainCharacterBpe([null as unknown as string], { vocabSize: 9 })).rejects.toThrow('found null at position 0');
  await expect(trainWordPiece([], { vocabSize: 9, preTokenizer: { type: 'Nothing' } as never })).rejects.toMatchObject({ code: 'E_TOKENIZER_UNSUPPORTED' });
  await expect(trainWordPiece([], { vocabSize: 9, specialTokens: ['\ud800'] })).rejects.toThrow('special tokens');
});

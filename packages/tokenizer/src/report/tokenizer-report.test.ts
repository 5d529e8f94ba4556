import { describe, expect, test } from 'vitest';
import { tokenizerReport, trainBpe, trainCharacterBpe, trainUnigram, trainWordPiece } from '../index.ts';

describe('worked by hand', () => {
  test('bytes: everything is covered, and no byte has less than a token', async () => {
    const tokenizer = await trainBpe([], { vocabSize: 256 });
    const { total, domains, scripts } = await tokenizerReport(tokenizer, { english: ['ab c'], mixed: ['a \u4f60\u597d 1'] });
    // 4 bytes in 2 words; 1 + 1 + 6 + 1 + 1 bytes in 3 words.
    expect(domains.english).toEqual({ documents: 1, bytes: 4, words: 2, tokens: 4, unknown: 0, bytesPerToken: 1, tokensPerWord: 2, unknownRate: 0, coveredShare: 1 });
    expect(domains.mixed).toMatchObject({ documents: 1, bytes: 10, words: 3, tokens: 10, tokensPerWord: 10 / 3 });
    // The blank and the digit behind 好 count to Han, the blank before it to Latin.
    expect(scripts.Han).toMatchObject({ documents: 1, bytes: 8, words: 2, tokens: 8 });
    expect(scripts.Latin).toMatchObject({ documents: 2, bytes: 6, words: 3, tokens: 6 });
    expect(total).toMatchObject({ documents: 2, bytes: 14, tokens: 14 });
  });

  test('a word piece: blanks are under no token, and what is unknown is not covered', async () => {
    const tokenizer = await trainWordPiece(['ab ab'], { vocabSize: 10, specialTokens: ['[UNK]'], preTokenizer: { type: 'Whitespace' } });
    const { total, scripts } = await tokenizerReport(tokenizer, { all: ['ab \u0431 ab'] });
    // ab, [UNK], ab: of 6 bytes that are no blanks 4 are covered.
    expect(total).toMatchObject({ bytes: 8, words: 3, tokens: 3, unknown: 1, unknownRate: 1 / 3, coveredShare: 4 / 6 });
    expect(scripts.Cyrillic).toMatchObject({ bytes: 3, tokens: 1, unknown: 1, coveredShare: 0 });
    expect(scripts.Latin).toMatchObject({ coveredShare: 1, unknownRate: 0 });
  });

  test('characters that have no token and no unknown token either are not covered', async () => {
    const tokenizer = await trainCharacterBpe(['a'], { vocabSize: 1 });
    expect((await tokenizerReport(tokenizer, { all: ['ab'] })).total).toMatchObject({ tokens: 1, unknown: 0, coveredShare: 0.5, bytesPerToken: 2 });
  });

  test('a mark in front of what is unknown covers nothing', async () => {
    const tokenizer = await trainUnigram(['a b ab'], { vocabSize: 9, specialTokens: ['<unk>'], unkToken: '<unk>', preTokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true } });
    const { scripts } = await tokenizerReport(tokenizer, { all: ['\u4f60\u597d', 'ab'] });
    expect(scripts.Han).toMatchObject({ unknown: 1, coveredShare: 0 });
    expect(scripts.Latin).toMatchObject({ unknown: 0, coveredShare: 1 });
  });

  test('a blank in front belongs to the word, digits at the beginning to Common, and nothing has no ratios', async () => {
    const tokenizer = await trainBpe(['a bb a bb a bb'], { vocabSize: 260 });
    async function* documents(): AsyncGenerator<string> {
      yield '\u4f60 bb';
      yield '12';
    }
    const { scripts, domains } = await tokenizerReport(tokenizer, { all: documents(), nothing: [] });
    expect(scripts.Latin).toMatchObject({ bytes: 2, tokens: 1 });
    expect(scripts.Common).toMatchObject({ documents: 1, bytes: 2, tokens: 2 });
    expect(domains.nothing!.bytesPerToken).toBeNaN();
  });
});

test('every byte and token counts to one script', async () => {
  const tokenizer = await trainBpe(['the theory of the other'], { vocabSize: 275 });
  const text = 'x\u0301 \u05e9\u05dc\u05d5\u05dd 42 \ud55c\uad6d\uc5b4, \u{1f600}\u200d the other \u304b\u30ab\u30fc \ud800';
  const { total, scripts } = await tokenizerReport(tokenizer, { all: [text] });
  const sum = (name: 'bytes' | 'tokens' | 'words'): number => Object.values(scripts).reduce((all, each) => all + each[name], 0);
  expect(sum('bytes')).toBe(total.bytes);
  expect(total.bytes).toBe(new TextEncoder().encode(text).length);
  expect(sum('tokens')).toBe(tokenizer.encode(text).length);
  expect(sum('words')).toBe(text.split(' ').length);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['Latin', 'Hebrew', 'Hangul', 'Hiragana', 'Katakana']));
});

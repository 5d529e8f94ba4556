import fc from 'fast-check';
import { expect, test } from 'vitest';
import { charactersOf, concatTexts, markAll, marksOf, rewritePieces, rewriteText, sliceText, type Text } from './marked-text.ts';

// A text as its characters, each with the kinds that mark it: the definition that the fast form must agree with.
const letters = (text: Text): string[] => charactersOf(text).split('').map((char, i) =>
  `${char}${marksOf(text).filter(({ from, to }) => from <= i && i < to).map(({ kind }) => kind).sort().filter((kind, k, all) => kind !== all[k - 1]).join('+')}`);

const piece = fc.tuple(fc.string({ maxLength: 4 }), fc.constantFrom('none', 'content', 'assistant', 'both')).map(([text, kind]): Text => {
  const content = kind === 'content' || kind === 'both' ? markAll(text, 'content') : text;
  return kind === 'assistant' || kind === 'both' ? markAll(content, 'assistant') : content;
});
const texts = fc.array(piece, { maxLength: 5 });

test('joining and cutting move the marks with their characters', () => {
  fc.assert(fc.property(texts, fc.nat(20), fc.nat(20), (parts, from, length) => {
    const whole = concatTexts(parts);
    expect(letters(whole)).toEqual(parts.flatMap(letters));
    expect(letters(sliceText(whole, from, from + length))).toEqual(letters(whole).slice(from, from + length));
  }));
});

test('rewriting keeps marks at their characters, or marks all where lengths change', () => {
  const text = concatTexts(['a', markAll('b"', 'content'), 'c']);
  expect(letters(rewriteText(text, 'AB"C'))).toEqual(['A', 'Bcontent', '"content', 'C']);
  expect(letters(rewriteText(text, 'ABCDE'))).toEqual(['Acontent', 'Bcontent', 'Ccontent', 'Dcontent', 'Econtent']);
  expect(letters(rewritePieces(text, (characters) => characters.replaceAll('"', '\\"')))).toEqual(['a', 'bcontent', '\\content', '"content', 'c']);
});

test('content that touches is one mark, answers that touch are two', () => {
  expect(marksOf(concatTexts([markAll('a', 'content'), markAll('b', 'content')]))).toEqual([{ from: 0, to: 2, kind: 'content' }]);
  expect(marksOf(concatTexts([markAll('a', 'assistant'), markAll('b', 'assistant')])).length).toBe(2);
});

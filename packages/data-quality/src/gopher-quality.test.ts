import { readFileSync } from 'node:fs';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { gopherQuality, type GopherQualityOptions } from './gopher-quality.ts';


const NONE: GopherQualityOptions = { minDocWords: null, maxDocWords: null, minAvgWordLength: null, maxAvgWordLength: null, maxSymbolWordRatio: null, maxBulletLinesRatio: null, maxEllipsisLinesRatio: null, minAlphaWordsRatio: null, minStopWords: null };
/** Verdict with the default threshold of one rule, every other rule off. */
const alone = (keep: keyof GopherQualityOptions, text: string) => {
  const { [keep]: _, ...others } = NONE;
  return gopherQuality(others).check({ id: 'x', text });
};
const times = (count: number, text: string): string => text.repeat(count);

describe('each threshold, on it and past it', () => {
  test('50 words, punctuation not counted', () => {
    expect(alone('minDocWords', times(50, 'word . ')).keep).toBe(true);
    expect(alone('minDocWords', times(49, 'word . '))).toEqual({ keep: false, reason: 'gopher_short_doc', measured: 49, threshold: 50, comparison: 'min' });
  });

  test('100 000 words, punctuation not counted', () => {
    expect(alone('maxDocWords', times(100_000, 'ab , ')).keep).toBe(true);
    expect(alone('maxDocWords', times(100_001, 'ab , '))).toMatchObject({ reason: 'gopher_long_doc', measured: 100_001, threshold: 100_000 });
  });

  test('mean word length 3', () => {
    expect(alone('minAvgWordLength', 'ab abcd !').keep).toBe(true); // (2 + 4) / 2 = 3: the mark does not count
    expect(alone('minAvgWordLength', 'ab abcd ab')).toMatchObject({ reason: 'gopher_below_avg_threshold', measured: (2 + 4 + 2) / 3, threshold: 3 });
  });

  test('mean word length 10, in code points', () => {
    expect(alone('maxAvgWordLength', `${times(9, 'a')} ${times(11, 'a')}`).keep).toBe(true); // (9 + 11) / 2 = 10
    expect(alone('maxAvgWordLength', `${times(10, 'a')} ${times(11, 'a')}`)).toMatchObject({ reason: 'gopher_above_avg_threshold', measured: 10.5 });
    // 10 letters of two UTF-16 units each are 10, not 20.
    expect(alone('maxAvgWordLength', times(10, '𝒳')).keep).toBe(true);
  });

  test('0.1 # for each word, where a lone # is a word too', () => {
    expect(alone('maxSymbolWordRatio', `# ${times(9, 'word ')}`).keep).toBe(true); // 1 / 10
    expect(alone('maxSymbolWordRatio', `# ${times(8, 'word ')}`)).toMatchObject({ reason: 'gopher_too_many_hashes', measured: 1 / 9 });
  });

  test('0.1 ellipses for each word, three dots or one sign, without overlap', () => {
    expect(alone('maxSymbolWordRatio', `… ... ${times(18, 'word ')}`).keep).toBe(true); // 2 / 20
    expect(alone('maxSymbolWordRatio', `… ... ${times(17, 'word ')}`)).toMatchObject({ reason: 'gopher_too_many_ellipsis', measured: 2 / 19 });
    expect(alone('maxSymbolWordRatio', `..... ${times(9, 'word ')}`).keep).toBe(true); // five dots hold "..." once: 1 / 10
  });

  test('0.9 of lines with a bullet', () => {
    expect(alone('maxBulletLinesRatio', `${times(9, ' - item\n')}end`).keep).toBe(true); // 9 / 10
    expect(alone('maxBulletLinesRatio', `${times(10, '•item\n')}end`)).toMatchObject({ reason: 'gopher_too_many_bullets', measured: 10 / 11 });
    expect(alone('maxBulletLinesRatio', times(10, '* item\n')).keep).toBe(true);
  });

  test('0.3 of lines end with an ellipsis, blanks after it or not', () => {
    expect(alone('maxEllipsisLinesRatio', `${times(3, 'so...\n')}${times(7, 'so.\n')}`).keep).toBe(true); // 3 / 10
    expect(alone('maxEllipsisLinesRatio', `${times(2, 'so… \n')}so...\t\n${times(6, 'so.\n')}`)).toMatchObject({ reason: 'gopher_too_many_end_ellipsis', measured: 3 / 9 });
  });

  test('0.8 of words with a letter', () => {
    expect(alone('minAlphaWordsRatio', 'one two three four 5').keep).toBe(true); // 4 / 5
    expect(alone('minAlphaWordsRatio', 'one two three 4')).toMatchObject({ reason: 'gopher_below_alpha_threshold', measured: 3 / 4 });
    expect(alone('minAlphaWordsRatio', 'ж 城 ª ŉ ½')).toMatchObject({ keep: true }); // 4 / 5
  });

  test('2 different stop words, in lower case', () => {
    expect(alone('minStopWords', 'the end of it').keep).toBe(true);
    expect(alone('minStopWords', 'the the The Of')).toMatchObject({ reason: 'gopher_enough_stop_words', measured: 1, threshold: 2 });
  });
});

test('the lines are those of Python: eleven ways to end one', () => {
  // Ten lines of which four end in an ellipsis.
  const text = ['a…', 'b', 'c…', 'd', 'e…', 'f', 'g…', 'h', 'i', 'j'].map((line, i) => line + ['\n', '\r\n', '\r', '\v', '\f', '\x1c', '\x1d', '\x1e', '\x85', '\u2028'][i]).join('');
  expect(alone('maxEllipsisLinesRatio', text)).toMatchObject({ measured: 0.4 });
});

test('0 and null switch a rule off, undefined is the default, and a thrown rule is not listed', () => {
  expect(gopherQuality().rules.map((rule) => rule.reason)).toHaveLength(10);
  expect(gopherQuality(NONE).rules).toEqual([]);
  expect(gopherQuality({ minDocWords: 0 }).rules.map((rule) => rule.reason)).not.toContain('gopher_short_doc');
  expect(gopherQuality({ maxSymbolWordRatio: 0.5 }).rules.filter((rule) => rule.threshold === 0.5).map((rule) => rule.reason)).toEqual(['gopher_too_many_hashes', 'gopher_too_many_ellipsis']);
  expect(() => gopherQuality({ minDocWords: -1 })).toThrow(/^gopherQuality: expected thresholds above 0 but found -1 for gopher_short_doc/);
  expect(() => gopherQuality({ minDocWords: Number.NaN })).not.toThrow();
});

test('nothing at all: no rule on a share objects, the counts do', () => {
  expect(gopherQuality({ minDocWords: null }).check({ id: 'x', text: '' })).toMatchObject({ reason: 'gopher_enough_stop_words', measured: 0 });
  expect(gopherQuality({ minDocWords: null, minStopWords: null }).check({ id: 'x', text: ' \n' }).keep).toBe(true);
});

test('own words and own stop words', () => {
  const filter = gopherQuality({ ...NONE, minStopWords: 1, stopWords: ['und'], words: (text) => text.split('|') });
  expect(filter.check({ id: 'x', text: 'Brot|und|Butter' }).keep).toBe(true);
  expect(filter.check({ id: 'x', text: 'Brot und Butter' }).keep).toBe(false);
});

describe('as datatrove decides', () => {
  type Row = [id: string, text: string, quality: string | null, lenient: string | null, repetition: string | null];
  const rows = JSON.parse(readFileSync(new URL('../fixtures/gopher.json', import.meta.url), 'utf8')) as Row[];
  const decisions = (filter: ReturnType<typeof gopherQuality>): [string, string | null][] =>
    rows.map(([id, text]) => {
      const verdict = filter.check({ id, text });
      return [id, verdict.keep ? null : verdict.reason];
    });

  test('on every document, with its defaults', () => {
    expect(rows.length).toBeGreaterThan(400);
    expect(decisions(gopherQuality())).toEqual(rows.map(([id, , quality]) => [id, quality]));
  });

  test('on every document, however short', () => {
    // The reference divides by zero where there are no words; here such a document has no stop words either.
    expect(decisions(gopherQuality({ minDocWords: 0 }))).toEqual(rows.map(([id, , , lenient]) => [id, lenient === 'raises' ? 'gopher_enough_stop_words' : lenient]));
  });
});

test('ten megabytes without a space, and a million lines of one character, take seconds at most', () => {
  const started = processorMilliseconds();
  for (const text of [times(10_000_000, 'a'), times(200_000, '!.'), times(200_000, 'a.-'), times(300_000, 'a@:'), times(1_000_000, '-\n')]) gopherQuality({ ...NONE, minAlphaWordsRatio: 0.1, maxBulletLinesRatio: 1 }).check({ id: 'x', text });
  expect(processorMilliseconds() - started).toBeLessThan(30_000);
});

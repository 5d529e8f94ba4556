import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { gopherRepetition, type GopherRepetitionOptions } from './gopher-repetition.ts';
import { ngramStatistics } from './ngram-statistics.ts';
import { numberWords } from './numbered-words.ts';


const NONE: GopherRepetitionOptions = { dupLineFrac: null, dupParaFrac: null, dupLineCharFrac: null, dupParaCharFrac: null, topNGrams: [], dupNGrams: [] };
const check = (options: GopherRepetitionOptions, text: string) => gopherRepetition({ ...NONE, ...options }).check({ id: 'x', text });
const spaces = (text: string): string[] => text.split(' ');

describe('each threshold, on it and past it', () => {
  test('0.3 of lines came before', () => {
    const seven = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    expect(check({ dupLineFrac: 0.3 }, [...seven, 'a', 'a', 'a'].join('\n')).keep).toBe(true); // 3 / 10
    expect(check({ dupLineFrac: 0.3 }, [...seven, 'a', 'a', 'a', 'b'].join('\n'))).toEqual({ keep: false, reason: 'dup_line_frac', measured: 4 / 11, threshold: 0.3, comparison: 'max' });
    // Blank lines are no lines, but the empty piece after the last line feed is one.
    expect(check({ dupLineFrac: 0.3 }, 'a\n\n\na\n')).toMatchObject({ measured: 1 / 3 });
  });

  test('0.3 of paragraphs came before, the ends stripped', () => {
    expect(check({ dupParaFrac: 0.3 }, '\n\na\n\nb\n\n\nc\n\na\n\n').keep).toBe(true); // 1 / 4
    expect(check({ dupParaFrac: 0.3 }, ' a\n\nb\n\na ')).toMatchObject({ reason: 'dup_para_frac', measured: 1 / 3 });
  });

  test('0.2 of characters in lines that came before, of all characters', () => {
    expect(check({ dupLineCharFrac: 0.2 }, 'ab\nab\nxyzt').keep).toBe(true); // 2 / 10
    expect(check({ dupLineCharFrac: 0.2 }, 'ab\nab\nxyz')).toMatchObject({ reason: 'dup_line_char_frac', measured: 2 / 9 });
    // Code points: each of these counts once, in the line and in the whole.
    expect(check({ dupLineCharFrac: 0.2 }, '🙂🚂\n🙂🚂\nxyz')).toMatchObject({ measured: 2 / 9 });
  });

  test('0.2 of characters in paragraphs that came before, of all characters with those stripped', () => {
    expect(check({ dupParaCharFrac: 0.2 }, 'ab\n\nab\n\nxy').keep).toBe(true); // 2 / 10
    expect(check({ dupParaCharFrac: 0.2 }, 'ab\n\nab\n\nx')).toMatchObject({ reason: 'dup_para_char_frac', measured: 2 / 9 });
    expect(check({ dupParaCharFrac: 0.2 }, 'ab\n\nab\n\nx\n').keep).toBe(true);
  });

  test.each([[2, 0.2], [3, 0.18], [4, 0.16]] as const)('characters of the most frequent %i-gram', (n, fraction) => {
    // n one-letter words joined by spaces are 2n − 1 characters, twice; the filler makes up the whole length.
    const gram = ['a', 'b', 'c', 'd'].slice(0, n).join(' ');
    const repeated = 2 * (2 * n - 1);
    const withLength = (length: number): string => `${gram} ${gram}`.padEnd(length, '_');
    const least = Math.ceil(repeated / fraction);
    const words = (text: string): string[] => spaces(text.replace(/_+$/, ''));
    expect(check({ topNGrams: [[n, fraction]], words }, withLength(least)).keep).toBe(true);
    expect(check({ topNGrams: [[n, fraction]], words }, withLength(least - 1))).toMatchObject({ reason: `top_${n}_gram`, measured: repeated / (least - 1) });
  });

  test.each([[5, 0.15], [6, 0.14], [7, 0.13], [8, 0.12], [9, 0.11], [10, 0.1]] as const)('characters of repeated %i-grams', (n, fraction) => {
    // The second of two copies of n one-letter words counts: n characters, no spaces.
    const gram = [...'abcdefghij'].slice(0, n).join(' ');
    const least = Math.ceil(n / fraction);
    const words = (text: string): string[] => spaces(text.replace(/_+$/, ''));
    expect(check({ dupNGrams: [[n, fraction]], words }, `${gram} ${gram}`.padEnd(least, '_')).keep).toBe(true);
    expect(check({ dupNGrams: [[n, fraction]], words }, `${gram} ${gram}`.padEnd(least - 1, '_'))).toMatchObject({ reason: `duplicated_${n}_n_grams`, measured: n / (least - 1) });
  });
});

test('the defaults are those of the paper, in the order of the reference', () => {
  expect(gopherRepetition().rules.map(({ reason, threshold }) => `${reason} ${threshold}`)).toEqual([
    'empty 1', 'dup_para_frac 0.3', 'dup_para_char_frac 0.2', 'dup_line_frac 0.3', 'dup_line_char_frac 0.2', 'top_2_gram 0.2', 'top_3_gram 0.18', 'top_4_gram 0.16',
    'duplicated_5_n_grams 0.15', 'duplicated_6_n_grams 0.14', 'duplicated_7_n_grams 0.13', 'duplicated_8_n_grams 0.12', 'duplicated_9_n_grams 0.11', 'duplicated_10_n_grams 0.1',
  ]);
  expect(gopherRepetition(NONE).rules.map((rule) => rule.reason)).toEqual(['empty']);
  expect(check({}, '')).toEqual({ keep: false, reason: 'empty', measured: 0, threshold: 1, comparison: 'min' });
  expect(() => gopherRepetition({ topNGrams: [[0, 0.2]] })).toThrow(/whole number of words but found n = 0/);
  expect(() => gopherRepetition({ dupLineFrac: -0.1 })).toThrow(RangeError);
});

test('as datatrove decides, on every document', () => {
  const rows = JSON.parse(readFileSync(new URL('../fixtures/gopher.json', import.meta.url), 'utf8')) as [string, string, unknown, unknown, string | null][];
  const filter = gopherRepetition();
  const decisions = rows.map(([id, text]) => {
    const verdict = filter.check({ id, text });
    return [id, verdict.keep ? null : verdict.reason];
  });
  expect(decisions).toEqual(rows.map(([id, , , , repetition]) => [id, repetition]));
});

describe('n-gram statistics', () => {
  const naiveTop = (words: string[], n: number): number => {
    const counts = new Map<string, number>();
    for (let i = 0; i + n <= words.length; i++) counts.set(words.slice(i, i + n).join(' '), (counts.get(words.slice(i, i + n).join(' ')) ?? 0) + 1);
    let best = '', most = 0;
    for (const [gram, count] of counts) if (count > most) [best, most] = [gram, count];
    return [...best].length * most;
  };
  const naiveRepeated = (words: string[], n: number): number => {
    const seen = new Set<string>();
    let total = 0;
    for (let i = 0; i + n <= words.length; ) {
      const gram = words.slice(i, i + n).join('');
      if (seen.has(gram)) {
        total += [...gram].length;
        i += n;
      } else {
        seen.add(gram);
        i++;
      }
    }
    return total;
  };

  test('agree with strings in a set; few letters, so that words also divide differently', () => {
    const word = fc.stringMatching(/^[ab🙂]{1,3}$/u);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (words, n) => {
        const statistics = ngramStatistics(numberWords(words));
        expect(statistics.topCharacters(n)).toBe(naiveTop(words, n));
        expect(statistics.repeatedCharacters(n)).toBe(naiveRepeated(words, n));
      }),
      { numRuns: 500 },
    );
  });

  test('words that divide differently are the same characters', () => {
    expect(ngramStatistics(numberWords(['ab', 'c', 'x', 'a', 'bc'])).repeatedCharacters(2)).toBe(3);
    expect(ngramStatistics(numberWords(['ab', 'c', 'x', 'a', 'bc'])).topCharacters(2)).toBe(4); // 'ab c' once, first of all
  });
});

test('a million lines of one character, and ten megabytes without a space, take seconds at most', () => {
  const started = processorMilliseconds();
  for (const text of ['a\n'.repeat(1_000_000), 'ab '.repeat(300_000), 'a'.repeat(10_000_000), '\n'.repeat(2_000_000)]) check({ ...NONE, dupLineFrac: 2, dupParaCharFrac: 2, topNGrams: [[2, 9], [4, 9]], dupNGrams: [[5, 9], [10, 9]] }, text);
  expect(processorMilliseconds() - started).toBeLessThan(30_000);
});

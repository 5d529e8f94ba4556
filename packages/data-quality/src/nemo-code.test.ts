import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commentLength, commentStyleOf } from './code-comments.ts';
import { codeFilter, type CodeFilterOptions } from './code-filter.ts';
import { nemoHeuristics } from './nemo-heuristics.ts';
import { nemoScores, type NemoScore } from './nemo-scores.ts';

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as T;

describe('NeMo heuristics', () => {
  const bank = [...read<[string, string][]>('gopher').map(([, text]) => text), ...read<{ rows: [string | number][] }>('filters').rows.map(([text]) => text).filter((text) => typeof text === 'string')];
  const { names, rows } = read<{ names: NemoScore[]; rows: [number, (number | null)[]][] }>('nemo');

  test('every score of every document is that of Curator', () => {
    expect(rows.length).toBeGreaterThan(200);
    expect(names.length).toBe(19);
    for (const [number, expected] of rows) {
      const scores = nemoScores(bank[number] as string);
      names.forEach((name, k) => {
        const score = scores[name]();
        // Where there is no word or line the reference raises; here that is NaN, or 0 for the longest word.
        if (expected[k] === null) expect([number, name, Number.isNaN(score) || score === 0]).toEqual([number, name, true]);
        else expect(Math.abs(score - (expected[k] as number)), `${name} of ${number}`).toBeLessThan(6e-6);
      });
    }
  });

  test('the first rule that fails decides, bounds can be moved and switched off', () => {
    expect(nemoHeuristics().rules.length).toBe(21);
    expect(nemoHeuristics().check({ id: 'x', text: 'It was all of that, and with it the day had to be over soon enough.' })).toMatchObject({ reason: 'word_count_low', measured: 16, threshold: 50 });
    const filter = nemoHeuristics({ bounds: { word_count: { min: 5 }, punctuation: {} } });
    expect(filter.rules.map(({ reason }) => reason)).not.toContain('punctuation');
    expect(filter.check({ id: 'x', text: 'There was all of that, and with it that day had to be over' }).keep).toBe(true);
    expect(filter.check({ id: 'x', text: 'of the to be' })).toMatchObject({ reason: 'word_count', measured: 4 });
  });
});

describe('code', () => {
  test.each([
    ['c', 'x = 1; // one\ny = "// no"; /* two\nlines */ z', ' one'.length + ' two\nlines '.length],
    ['c', "a = '/*'; b = `//`; // \"x", ' "x'.length],
    ['c', '/* never closed', ' never closed'.length],
    ['python', 'def f():\n    """Says so."""\n    x = """no"""  # yes\n    y = "# no"\n', 'Says so.'.length + ' yes'.length],
    ['hash', 'a="#no" #yes\n', 3],
    ['none', '// x', 0],
  ] as const)('comments of %s in %j', (style, source, length) => expect(commentLength(source, style)).toBe(length));

  test('the style is that of the ending', () => {
    expect(['a/b.ts', 'B.PY', 'x.yml', 'noend', 'x.unknown'].map(commentStyleOf)).toEqual(['c', 'python', 'hash', 'none', 'none']);
  });

  const reason = (text: string, options?: CodeFilterOptions): string | undefined => {
    const verdict = codeFilter(options).check({ id: 'a.ts', text });
    return verdict.keep ? undefined : verdict.reason;
  };
  const lines = (count: number, line: string): string => Array.from({ length: count }, () => line).join('\n');
  const line = 'const value = compute(other); // next';

  test('each threshold, on it and past it', () => {
    expect(reason(lines(10, line))).toBeUndefined();
    expect(reason(lines(9, line))).toBe('num_lines_low');
    expect(reason(lines(20_001, line))).toBe('num_lines_high');
    expect(reason(`<?xml version="1.0"?>\n${lines(10, line)}`)).toBe('xml_header');
    // 20 letters of 79 characters.
    expect(reason(lines(10, 'ab12345'), { minCommentRatio: null, minAlphaRatio: 20 / 79 })).toBeUndefined();
    expect(reason(lines(10, 'ab12345'), { minCommentRatio: null, minAlphaRatio: 0.254 })).toBe('alpha_filter');
  });

  test('comments, letters and tokens', () => {
    expect(reason(lines(12, 'const value = compute(other);'))).toBe('comment_ratio_low');
    expect(reason(lines(12, '// nothing but words in here'))).toBe('comment_ratio_high');
    expect(reason(lines(12, '1, 2, 3, 4, // x'))).toBe('alpha_filter');
    expect(reason(lines(12, line), { countTokens: (text) => text.length / 2.4 })).toBe('tokenizer_fertility');
    expect(reason(lines(12, line), { countTokens: (text) => text.length / 2.6 })).toBeUndefined();
    expect(codeFilter().check({ id: 'data.unknown', text: lines(12, 'words and words') }).keep).toBe(true);
  });
});

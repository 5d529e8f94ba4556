import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { englishWords } from './english-words.ts';


test('as spaCy splits, on every awkward text', () => {
  const rows = JSON.parse(readFileSync(new URL('../fixtures/words.json', import.meta.url), 'utf8')) as [string, string[]][];
  expect(rows.length).toBe(400);
  expect(rows.map(([text]) => [text, englishWords(text)])).toEqual(rows);
});

test.each([
  ["I can't, we won't.", "I|ca|n't|,|we|wo|n't|."],
  ['Mr. and Mrs. Ward (of N.Y.) left at 9p.m.', 'Mr.|and|Mrs.|Ward|(|of|N.Y.|)|left|at|9|p.m.'],
  ['see http://a.io/x?y=1, or mail a.b@c.org.', 'see|http://a.io/x?y=1|,|or|mail|a.b@c.org|.'],
  ['well-known x--y 3-4', 'well|-|known|x|--|y|3|-|4'],
  ['done:) and :-)', 'done|:)|and|:-)'],
  ['const a=b;', 'const|a|=|b|;'],
  ['', ''],
  [' \t\n\u3000', ''],
])('%j', (text, words) => expect(englishWords(text).join('|')).toBe(words));

describe('laws', () => {
  const code = fc.oneof(fc.integer({ min: 0, max: 0x10ffff }), fc.integer({ min: 0, max: 0x7f }));
  test('the words are the text without its white space, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(code, { maxLength: 40 }).map((codes) => String.fromCodePoint(...codes)), (text) => {
        expect(englishWords(text).join('')).toBe(text.replace(/[\s\u0085\u001c-\u001f]/g, (space) => (space === '\ufeff' ? space : '')));
      }),
    );
  });

  test('lone surrogates, NUL and combining marks survive', () => {
    expect(englishWords('a\ud800b \udc00 \0 e\u0301\u0301').join('|')).toBe('a\ud800b|\udc00|\0|e\u0301\u0301');
  });

  test('the answer does not depend on what was asked before', () => {
    const first = [...englishWords("x:) isn't")];
    englishWords('something else');
    expect(englishWords("x:) isn't")).toEqual(first);
  });
});

test('more words than are kept, and longer than are kept, change nothing', () => {
  const many = Array.from({ length: 300_000 }, (_, i) => `w${i}x`).join(' ');
  const long = 'a'.repeat(300);
  expect(englishWords(many)).toHaveLength(300_000);
  expect(englishWords(`${long}-${long}, x:) isn't`)).toEqual([long, '-', long, ',', 'x', ':)', 'is', "n't"]);
  expect(englishWords("he's he ' s")).toEqual(['he', "'s", 'he', "'", 's']);
});

test('the time is linear: no text of a mark repeated takes far more than its length', () => {
  for (const piece of ['a', '.', '!', '(', "'", 'a.', 'a@', 'a:', 'a-', '-.', '1.', '🙂', 'x@y.', "n't", ':)', '....,', 'http://']) {
    const time = (length: number): number => {
      const text = piece.repeat(length / piece.length);
      englishWords('');
      const started = processorMilliseconds();
      englishWords(text);
      return processorMilliseconds() - started;
    };
    time(50_000);
    const short = time(50_000);
    expect(time(100_000)).toBeLessThan(10 * short + 300);
  }
});

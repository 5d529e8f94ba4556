import { readFileSync } from 'node:fs';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { EvalError } from '../eval-error.ts';
import { pythonRegex } from './python-regex.ts';


interface Fixture {
  texts: string[];
  findall: [string, (string | string[])[][]][];
  search: [string, ([number, number, (string | null)[]] | null)[]][];
  sub: [string, string, string[]][];
  refused: string[];
}
const { texts, findall, search, sub, refused } = JSON.parse(readFileSync(new URL('./fixtures/regex.json', import.meta.url), 'utf8')) as Fixture;

describe("Python's re", () => {
  test.each(findall)('findall %j', (pattern, expected) => {
    expect(texts.map((text) => pythonRegex(pattern).findAll(text))).toEqual(expected);
  });

  test.each(search)('search %j', (pattern, expected) => {
    const found = texts.map((text) => {
      const match = pythonRegex(pattern).search(text);
      return match === undefined ? null : [match.from, match.to, match.groups.map((group) => group ?? null)];
    });
    expect(found).toEqual(expected);
  });

  test.each(sub)('sub %j by %j', (pattern, by, expected) => {
    expect(texts.map((text) => pythonRegex(pattern).replace(text, by))).toEqual(expected);
  });

  test.each(refused)('%j is refused', (pattern) => {
    expect(() => pythonRegex(pattern)).toThrow(EvalError);
  });
});

describe('strangers', () => {
  test('nested repetitions end within the steps', () => {
    const begin = processorMilliseconds();
    for (const pattern of ['(a+)+$', '(a|a)*$', '(.*a){12}$', '(?:a?){30}a{30}b', String.raw`(\w+\s?)*!$`]) {
      expect(() => pythonRegex(pattern).search(`${'a'.repeat(5000)}c`), pattern).toThrow(/within its steps/);
    }
    expect(processorMilliseconds() - begin).toBeLessThan(10_000);
  });

  test('a text of a million characters takes a moment', () => {
    const begin = processorMilliseconds();
    const text = `${'\\frac{'.repeat(160_000)} 17`;
    expect(pythonRegex('(-?[$0-9.,]{2,})|(-?[0-9]+)').findAll(text)).toEqual([['17', '']]);
    expect(pythonRegex('(?s).*#### ').replace('x'.repeat(1_000_000), '')).toHaveLength(1_000_000);
    expect(processorMilliseconds() - begin).toBeLessThan(10_000);
  });

  test('a pattern that unrolls too far, or too deep, is refused', () => {
    expect(() => pythonRegex('(?:(?:ab){1000}){1000}')).toThrow(/20000 steps/);
    expect(() => pythonRegex('('.repeat(200) + ')'.repeat(200))).toThrow(/100 deep/);
  });
});

import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { isOf, UNKNOWN } from '../reference-classes.ts';
import { normalizeText } from './normalize-text.ts';

describe('normalizeText', () => {
  test.each(['NFC', 'NFD', 'NFKC', 'NFKD'] as const)('is the %s of the engine, also on long runs of marks of every class', (form) => {
    const marks: string[] = [];
    for (let c = 0; c < 0x20000; c++) if (/\p{M}/u.test(String.fromCodePoint(c)) && !isOf(String.fromCodePoint(c), UNKNOWN)) marks.push(String.fromCodePoint(c));
    const runs = fc.array(fc.constantFrom(...marks), { minLength: 20, maxLength: 80 }).map((run) => run.join(''));
    const texts = fc.array(fc.oneof(runs, fc.constantFrom('a', 'e', '각', 'ᄀ', 'ক', '\ud800', 'Å', 'ﬁ', 'ﹰ', ' ')), { maxLength: 6 });
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join('');
        expect(normalizeText(text, form)).toBe(text.normalize(form));
      }),
      { numRuns: 100 },
    );
  });

  test('leaves characters alone that are younger than the reference, and keeps apart what is around them', () => {
    // U+1ABF has class 220 since Unicode 13, U+32FF is 令和 since 12.1.
    expect(normalizeText('e\u1abf\u0301\u0323e\u0301\u32ff', 'NFKC')).toBe('e\u1abf\u0323\u0301\u00e9\u32ff');
    expect(normalizeText('\u32ff', 'NFKD')).toBe('\u32ff');
  });

  test('a megabyte of marks takes no minutes', () => {
    // 2⁹ of these pairs take the engine a fraction of a millisecond, 2¹⁹ of them more than ten minutes.
    const start = processorMilliseconds();
    const result = normalizeText('a' + '\u0301\u0323'.repeat(1 << 19), 'NFC');
    expect(processorMilliseconds() - start).toBeLessThan(10_000);
    // ạ, then the other dots below (class 220), then the acutes (class 230).
    expect(result).toBe('\u1ea1' + '\u0323'.repeat((1 << 19) - 1) + '\u0301'.repeat(1 << 19));
  });
});

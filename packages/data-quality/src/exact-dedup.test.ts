import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactDedup, normalizeForDedup } from './exact-dedup.ts';
import { createHashSet128, hash128 } from './hash-set-128.ts';
import { textUnits } from './text-units.ts';

const keeps = (filter: ReturnType<typeof exactDedup>, text: string): boolean => filter.check({ id: 'x', text }).keep;

test('the first stays, later ones go, whatever their white space and composition', () => {
  const filter = exactDedup();
  expect(filter.check({ id: 'a', text: 'caf\u00e9  au\nlait' })).toEqual({ keep: true });
  expect(filter.check({ id: 'b', text: ' cafe\u0301 au lait\r\n' })).toEqual({ keep: false, reason: 'exact_duplicate', measured: 1, threshold: 0, comparison: 'max' });
  expect(keeps(filter, 'Café au lait')).toBe(true);
  expect(keeps(filter, 'café au lait!')).toBe(true);
});

test('each filter remembers for itself', () => {
  expect(keeps(exactDedup(), 'a') && keeps(exactDedup(), 'a')).toBe(true);
});

test('own normalisation', () => {
  const filter = exactDedup({ normalize: (text) => text.toLowerCase() });
  expect([keeps(filter, 'A'), keeps(filter, 'a'), keeps(filter, 'a ')]).toEqual([true, false, true]);
});

test('normalising twice changes nothing', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff })).map((codes) => String.fromCodePoint(...codes)), (text) => normalizeForDedup(normalizeForDedup(text)) === normalizeForDedup(text)));
});

test('a table that grows keeps what it had: the answers are those of a Set', () => {
  const table = createHashSet128();
  const set = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const text = `document ${(i * 7919) % 12_000}`;
    expect(table.add({ units: textUnits(text), length: text.length })).toBe(!set.has(text));
    set.add(text);
  }
  expect(table.size).toBe(set.size);
});

test('every unit and the length count', () => {
  const hash = (text: string): string => {
    const out = new Uint32Array(4);
    hash128({ units: textUnits(text), length: text.length }, out);
    return out.join();
  };
  const base = 'abcdefghijklmnopq';
  const near = [base, '', '\0', '\0\0', base.slice(1), `${base}\0`, ...[...base].map((_, i) => `${base.slice(0, i)}#${base.slice(i + 1)}`)];
  expect(new Set(near.map(hash)).size).toBe(near.length);
});

test('the quick way over the units decides as normalising the string does', () => {
  const part = fc.constantFrom('a', 'e', '\u0301', '\u00e9', ' ', '\n', '\u00a0', '\u3000', '\ufeff', '\u0085', '\u200b', '\u2028', '\u1100', '\u1161', '\u1680', '🙂', '\ud800');
  const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const filter = exactDedup();
      filter.check({ id: 'a', text: a });
      expect(keeps(filter, b)).toBe(normalizeForDedup(a) !== normalizeForDedup(b));
      expect(keeps(filter, normalizeForDedup(a))).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { expect, test } from 'vitest';
import { exactSubstrings } from './exact-substrings.ts';
import { createSimhash, simhashClusters } from './simhash.ts';


/** By comparing every pair of stretches. */
function slow(texts: readonly string[], length: number, keepFirst: boolean): string[] {
  const windows = texts.flatMap((text, t) => Array.from({ length: Math.max(0, text.length - length + 1) }, (_, i) => ({ t, i, part: text.slice(i, i + length) })));
  return texts.map((text, t) =>
    [...text].filter((_, i) => !windows.some((window, w) => window.t === t && window.i <= i && i < window.i + length && windows.some((other, o) => (keepFirst ? o < w : o !== w) && other.part === window.part))).join(''),
  );
}

test('takes out what comparing every pair of stretches takes out', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 25 }), { maxLength: 4 }), fc.integer({ min: 1, max: 9 }), fc.boolean(), (texts, minBytes, keepFirst) => {
      expect(exactSubstrings(texts, { minBytes, keepFirst }).texts).toEqual(slow(texts, minBytes, keepFirst));
    }),
    { numRuns: 300 },
  );
});

test('cuts no character and keeps what is short of the length', () => {
  expect(exactSubstrings(['字é🙂字é🙂'], { minBytes: 9 })).toEqual({ texts: ['字é🙂'], removedBytes: 9 });
  // The first two of three bytes are the same: too little to take the character.
  expect(exactSubstrings(['字x', '孕x'], { minBytes: 2 })).toEqual({ texts: ['字x', '孕x'], removedBytes: 0 });
  expect(exactSubstrings(['ab', 'ba', ''], { minBytes: 2 }).texts).toEqual(['ab', 'ba', '']);
  expect(exactSubstrings([])).toEqual({ texts: [], removedBytes: 0 });
  expect(() => exactSubstrings([], { minBytes: 0 })).toThrow(/found minBytes = 0/);
});

test('a megabyte of one letter takes seconds at most', () => {
  const started = processorMilliseconds();
  // Each stretch but the first came before, one letter earlier.
  expect(exactSubstrings(['a'.repeat(1_000_000)]).removedBytes).toBe(999_999);
  expect(processorMilliseconds() - started).toBeLessThan(30_000);
});

test('fingerprints are those of NumPy and xxhash', () => {
  const { texts, simhash } = JSON.parse(readFileSync(new URL('../../fixtures/dedup.json', import.meta.url), 'utf8')) as { texts: string[]; simhash: ([number, number] | null)[] };
  const fingerprint = createSimhash({ ngrams: 3 });
  expect(simhash.filter((each) => each === null).length).toBeGreaterThan(0);
  expect(texts.map((text) => fingerprint(text) ?? null)).toEqual(simhash);
});

test('finds every pair within the distance and no other', () => {
  const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const few = fc.tuple(fc.constantFrom(0, 0xabcdef01), fc.array(fc.integer({ min: 0, max: 63 }), { maxLength: 5 })).map(([base, flips]): [number, number] => {
    let low = base, high = 7;
    for (const bit of flips) {
      if (bit < 32) low ^= 1 << bit;
      else high ^= 1 << (bit - 32);
    }
    return [low >>> 0, high >>> 0];
  });
  const distance = (a: readonly number[], b: readonly number[]): number => [0, 1].reduce((sum, k) => sum + [...(((a[k] as number) ^ (b[k] as number)) >>> 0).toString(2)].filter((bit) => bit === '1').length, 0);
  fc.assert(
    fc.property(fc.array(fc.oneof(few, fc.tuple(number, number)), { maxLength: 12 }), fc.integer({ min: 0, max: 5 }), (list, maxDistance) => {
      const { keeper } = simhashClusters(list, { maxDistance, blocks: maxDistance + 2 });
      // Groups by spreading the smallest number until nothing changes.
      const group = list.map((_, i) => i);
      for (let round = 0; round < list.length; round++) for (const i of group.keys()) for (const k of group.keys()) if (distance(list[i] as number[], list[k] as number[]) <= maxDistance) group[i] = group[k] = Math.min(group[i] as number, group[k] as number);
      for (const i of group.keys()) for (const k of group.keys()) expect(keeper[i] === keeper[k]).toBe(group[i] === group[k]);
    }),
    { numRuns: 200 },
  );
  expect(() => simhashClusters([], { maxDistance: 6 })).toThrow(/found 6 and 6/);
});

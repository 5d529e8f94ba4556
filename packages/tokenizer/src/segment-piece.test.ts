import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { indexMerges, mergeShort, type MergeList } from './merge-word.ts';
import { segmenter } from './segment-piece.ts';

const byteIds = Int32Array.from({ length: 256 }, (_, byte) => byte);

/** Merges over the bytes a, b, c and what they make: each of two tokens that there are, named by what it spells. */
const madeOf = (picks: readonly (readonly [number, number])[]): MergeList => {
  const spelled = ['a', 'b', 'c'];
  const idOf = new Map(spelled.map((text) => [text, text.charCodeAt(0)]));
  const pairs = new Set<string>();
  const list: [number, number, number][] = [];
  for (const [i, j] of picks) {
    const [left, right] = [spelled[i % spelled.length]!, spelled[j % spelled.length]!];
    if (pairs.has(`${left} ${right}`) || left.length + right.length > 12) continue;
    pairs.add(`${left} ${right}`);
    const text = left + right;
    if (!idOf.has(text)) {
      idOf.set(text, 253 + spelled.length);
      spelled.push(text);
    }
    list.push([idOf.get(left)!, idOf.get(right)!, idOf.get(text)!]);
  }
  return listOf(list);
};

function listOf(list: readonly (readonly [number, number, number])[]): MergeList {
  return { lefts: Int32Array.from(list, ([left]) => left), rights: Int32Array.from(list, ([, right]) => right), results: Int32Array.from(list, ([, , result]) => result) };
}

// Of bytes that are alike but for what a character of three keeps of them.
const ALIKE = [0xe4, 0x81, 0x82, 0x41, 0x42, 0x01, 0x02, 0xc1, 0xc2];

/** The same over all bytes: a part is one of ALIKE, a token that was made, or any byte. */
function madeOfBytes(picks: readonly (readonly [number, number])[]): MergeList {
  const made: string[] = [];
  const partOf = (n: number): string => (n >= 9 && n < 40 && made.length > 0 ? made[n % made.length]! : String.fromCharCode(ALIKE[n] ?? n & 0xff));
  const idOf = (text: string): number => (text.length === 1 ? text.charCodeAt(0) : 256 + made.indexOf(text));
  const list: [number, number, number][] = [];
  for (const pick of picks) {
    const [left, right] = [partOf(pick[0]), partOf(pick[1])];
    if (left.length + right.length > 12) continue;
    if (list.some(([l, r]) => l === idOf(left) && r === idOf(right))) continue;
    if (!made.includes(left + right)) made.push(left + right);
    list.push([idOf(left), idOf(right), idOf(left + right)]);
  }
  return listOf(list);
}

/** As tiktoken merges: every way in which a token is two others, by the token. */
function everyWay({ lefts, rights, results }: MergeList): MergeList {
  const spelled = new Map<number, string>([...'abc'].map((char) => [char.charCodeAt(0), char]));
  results.forEach((id, i) => spelled.set(id, spelled.get(lefts[i]!)! + spelled.get(rights[i]!)!));
  const idOf = new Map([...spelled].map(([id, text]) => [text, id]));
  return listOf([...spelled].sort(([a], [b]) => a - b).flatMap(([id, text]) => Array.from({ length: text.length - 1 }, (_, i): [number, number, number] => [idOf.get(text.slice(0, i + 1)) ?? -1, idOf.get(text.slice(i + 1)) ?? -1, id]).filter(([left, right]) => left >= 0 && right >= 0)));
}

const picks = fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { minLength: 1, maxLength: 30 });
const word = fc.array(fc.constantFrom(97, 98, 99, 97, 98, 100), { minLength: 1, maxLength: 60 });

function cuts(list: MergeList, order: 'list' | 'id', bytes: Uint8Array): { found: number[] | undefined; want: number[] } {
  const merges = indexMerges(list, order);
  const symbols = Int32Array.from(bytes);
  const want = Array.from(symbols.subarray(0, mergeShort(symbols, symbols.length, merges)));
  const ids = new Uint32Array(bytes.length + 1);
  const count = segmenter(merges, byteIds)?.(bytes, 0, bytes.length, ids, 1) ?? -1;
  return { found: count < 0 ? undefined : Array.from(ids.subarray(1, count)), want };
}

describe('segmenter gives what merging gives', () => {
  test.each([
    ['merges in the order in which they were made', (list: MergeList) => list, 'list', 0.9],
    ['every way to make a token, by its id', everyWay, 'id', 0.5],
    ['merges backwards', ({ lefts, rights, results }: MergeList) => ({ lefts: lefts.toReversed(), rights: rights.toReversed(), results: results.toReversed() }), 'list', 0.02],
  ] as const)('%s', (_, ordered, order, share) => {
    let all = 0;
    let done = 0;
    fc.assert(
      fc.property(picks, word, (pairs, bytes) => {
        const { found, want } = cuts(ordered(madeOf(pairs)), order, Uint8Array.from(bytes));
        all++;
        if (found === undefined) return;
        done++;
        expect(found).toEqual(want);
      }),
      { numRuns: 1000 },
    );
    // Where some token is born before its parts, and where merging is better, it does not try.
    expect(done / all).toBeGreaterThan(share);
  });

  const parts = fc.oneof(fc.nat(8), fc.integer({ min: 9, max: 39 }), fc.integer({ min: 40, max: 295 }));
  const character = fc.oneof(fc.constantFrom('\u4041', '\u4042', 'A', 'B', 'AB', '\u0001', '\u0002', '\u00c1', '\u4401'), fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }));

  test('tokens of any bytes, of which some are no characters', () => {
    let done = 0;
    let all = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(parts, parts), { minLength: 1, maxLength: 40 }), fc.array(character, { minLength: 1, maxLength: 16 }), (pairs, characters) => {
        const { found, want } = cuts(madeOfBytes(pairs), 'list', new TextEncoder().encode(characters.join('')));
        all++;
        if (found === undefined) return;
        done++;
        expect(found).toEqual(want);
      }),
      { numRuns: 2000 },
    );
    expect(done / all).toBeGreaterThan(0.9);
  });

  test('E4 41 42 is not what U+4042 spells, E4 81 82', () => {
    const { found } = cuts(listOf([[0xe4, 0x41, 256], [256, 0x42, 257]]), 'list', new TextEncoder().encode('\u4042'));
    expect(found).toEqual([0xe4, 0x81, 0x82]);
  });

  test('a long token is taken back where it can not stay: ab·c is abc, but bcd comes first', () => {
    const [a, b, c, d] = [97, 98, 99, 100];
    const list = listOf([[c, d, 256], [b, 256, 257], [a, b, 258], [258, c, 259]]);
    const encode = (text: string): number[] | undefined => cuts(list, 'list', new TextEncoder().encode(text)).found;
    expect(encode('abcd')).toEqual([a, 257]);
    expect(encode('abc')).toEqual([259]);
    expect(encode('abcabcd')).toEqual([259, a, 257]);
  });

  // a, ab, abb, … up to so many bytes.
  const growing = (longest: number): MergeList => listOf(Array.from({ length: longest - 1 }, (_, i) => [i === 0 ? 97 : 255 + i, 98, 256 + i]));

  test('tokens of any length are not tried', () => {
    expect(segmenter(indexMerges(growing(512)), byteIds)).toBeDefined();
    expect(segmenter(indexMerges(growing(513)), byteIds)).toBeUndefined();
  });

  test('a vocabulary in which each length of a run is a token ends soon', () => {
    const segment = segmenter(indexMerges(growing(512)), byteIds)!;
    const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i % 700 === 0 ? 97 : 98));
    const ids = new Uint32Array(4096);
    const start = processorMilliseconds();
    for (let i = 0; i < 20; i++) expect(segment(bytes, 0, 4096, ids, 0)).toBeGreaterThan(5);
    expect(processorMilliseconds() - start).toBeLessThan(5000);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillRow, IGNORED, packDocuments, type PackedRows } from './pack-documents.ts';
import { bestFit, contiguous } from './strategies.ts';

/** Every token of every document is a different number, so that a pair tells where it comes from. */
const corpus = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 30 }).map((sizes) => {
  let next = 10;
  return sizes.map((size) => Array.from({ length: size }, () => next++));
}).filter((documents) => documents.some(({ length }) => length > 0));

const all = (rows: PackedRows): { ids: number[]; targets: number[]; segments: number[]; positions: number[] }[] => Array.from(
  { length: rows.count },
  (_, i) => {
    const { ids, targets, segments, positions } = fillRow(rows, i);
    return { ids: [...ids], targets: [...targets], segments: [...segments], positions: [...positions] };
  },
);

test('contiguous: documents in turn, cut at the end of the row, which keeps its target', () => {
  // bos 0, eos 1: 0 5 6 7 1 | 0 8 1
  const rows = packDocuments([[5, 6, 7], [8]], { length: 4, bos: 0, eos: 1 });
  expect(all(rows)).toEqual([
    { ids: [0, 5, 6, 7], targets: [5, 6, 7, 1], segments: [0, 0, 0, 0], positions: [0, 1, 2, 3] },
    { ids: [1, 0, 8, 1], targets: [IGNORED, 8, 1, IGNORED], segments: [0, 1, 1, 1], positions: [0, 0, 1, 2] },
  ]);
  expect(rows).toMatchObject({ documents: 2, tokenCount: 8, padding: 0, targetCount: 6 });
});

test('best fit: only what is longer than a row is cut, and the fullest row with room is taken', () => {
  const rows = packDocuments([[1, 2], [3, 4, 5, 6, 7, 8, 9], [10, 11, 12], [13]], { length: 5, strategy: bestFit });
  expect(all(rows)).toEqual([
    { ids: [3, 4, 5, 6, 7], targets: [4, 5, 6, 7, 8], segments: [0, 0, 0, 0, 0], positions: [0, 1, 2, 3, 4] },
    { ids: [10, 11, 12, 1, 2], targets: [11, 12, IGNORED, 2, IGNORED], segments: [0, 0, 0, 1, 1], positions: [0, 1, 2, 0, 1] },
    { ids: [8, 9, 13, 0, 0], targets: [9, IGNORED, IGNORED, IGNORED, IGNORED], segments: [0, 0, 1, 1, 1], positions: [0, 1, 0, 1, 2] },
  ]);
  expect(rows.padding).toBe(2);
});

describe.each([['contiguous', contiguous], ['bestFit', bestFit]] as const)('%s', (name, strategy) => {
  test('keeps every token, gives every pair of neighbours as a target once, and none across documents', () => {
    fc.assert(fc.property(corpus, fc.integer({ min: 2, max: 17 }), (documents, length) => {
      const rows = packDocuments(documents, { length, strategy, padId: 0 });
      const found = all(rows);
      for (const { ids, targets, segments, positions } of found) {
        for (const field of [ids, targets, segments, positions]) expect(field.length).toBe(length);
        for (let i = 1; i < length; i++) expect(segments[i] === segments[i - 1] ? positions[i]! - positions[i - 1]! : positions[i]).toBe(Number(segments[i] === segments[i - 1]));
      }
      const tokens = found.flatMap(({ ids }) => ids.filter((id) => id !== 0));
      expect(tokens.toSorted((a, b) => a - b)).toEqual(documents.flat());
      const pairs = found.flatMap(({ ids, targets }) => ids.map((id, i) => [id, targets[i]!] as const).filter(([, target]) => target !== IGNORED));
      const expected = documents.flatMap((document) => document.slice(1).map((id, i) => [document[i], id]));
      expect(pairs.toSorted(([a], [b]) => a - b)).toEqual(expected);
      expect(rows.targetCount).toBe(expected.length);
      expect(rows.padding).toBe(rows.count * length - tokens.length);
      if (name === 'contiguous') {
        expect(tokens).toEqual(documents.flat());
        expect(rows.padding).toBeLessThan(length);
      }
    }), { numRuns: 100 });
  });
});

test('best fit cuts no document that fits a row', () => {
  fc.assert(fc.property(corpus, fc.integer({ min: 2, max: 17 }), (documents, length) => {
    const rows = packDocuments(documents, { length, strategy: bestFit });
    const needed = documents.reduce((sum, { length: size }) => sum + Math.ceil(size / length), 0);
    expect(rows.pieces.from.length).toBe(needed);
  }));
});

test.each([
  [() => packDocuments([], { length: 8 }), 'expected documents with tokens but found none'],
  [() => packDocuments([[], []], { length: 8, bos: 1 }), 'expected documents with tokens but found none'],
  [() => packDocuments([[1]], { length: 1 }), 'expected length to be a whole number from 2 on but found 1'],
  [() => packDocuments([[1, -1]], { length: 8 }), 'expected id 1 of document 0 to be a token id from 0 on but found -1'],
  [() => packDocuments([[1], [2, 2.5]], { length: 8 }), 'expected id 1 of document 1 to be a token id from 0 on but found 2.5'],
  [() => packDocuments([[1]], { length: 8, eos: -1 }), 'expected eos to be a token id'],
  [() => fillRow(packDocuments([[1]], { length: 8 }), 1), 'expected a row from 0 to 0 but found 1'],
])('what cannot be packed is refused (%#)', (pack, message) => {
  expect(pack).toThrow(message);
  expect(pack).toThrow(RangeError);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indexMerges, mergeLong, mergeShort, type MergeList } from './merge-word.ts';

// The definition: of the pairs that merge, the one of lowest rank, the leftmost one among equals, until none is left.
function merged(word: readonly number[], { lefts, rights, results }: MergeList): number[] {
  const symbols = [...word];
  for (;;) {
    let best: { rank: number; at: number } | undefined;
    for (let at = 0; at + 1 < symbols.length; at++) {
      const rank = lefts.findIndex((left, i) => left === symbols[at] && rights[i] === symbols[at + 1]);
      if (rank >= 0 && (!best || rank < best.rank)) best = { rank, at };
    }
    if (!best) return symbols;
    symbols.splice(best.at, 2, results[best.rank]!);
  }
}

function run(merge: typeof mergeShort, word: readonly number[], list: MergeList): number[] {
  const symbols = Int32Array.from(word);
  return Array.from(symbols.subarray(0, merge(symbols, symbols.length, indexMerges(list))));
}

const lists: fc.Arbitrary<MergeList> = fc
  .uniqueArray(fc.tuple(fc.nat(6), fc.nat(6)), { selector: String, maxLength: 20 })
  .map((pairs) => ({
    lefts: Int32Array.from(pairs, ([left]) => left),
    rights: Int32Array.from(pairs, ([, right]) => right),
    results: Int32Array.from(pairs, (_, i) => 3 + i),
  }));

describe('mergeShort and mergeLong', () => {
  test('a b a b with ab → 2, then 2 2 → 3 is one symbol', () => {
    const list = { lefts: Int32Array.of(0, 2), rights: Int32Array.of(1, 2), results: Int32Array.of(2, 3) };
    expect(run(mergeShort, [0, 1, 0, 1], list)).toEqual([3]);
    expect(run(mergeLong, [0, 1, 0, 1], list)).toEqual([3]);
  });

  test('three of a kind merge from the left', () => {
    const list = { lefts: Int32Array.of(0), rights: Int32Array.of(0), results: Int32Array.of(1) };
    expect(run(mergeShort, [0, 0, 0], list)).toEqual([1, 0]);
    expect(run(mergeLong, [0, 0, 0], list)).toEqual([1, 0]);
  });

  test('do what the definition says', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 60 }), lists, (word, list) => {
        const want = merged(word, list);
        expect(run(mergeShort, word, list)).toEqual(want);
        expect(run(mergeLong, word, list)).toEqual(want);
      }),
      { numRuns: 1000 },
    );
  });
});

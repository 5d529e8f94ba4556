import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trieOf } from './piece-trie.ts';

test('trieOf finds every piece that a text has at a place, the shortest first and the last of equal ones', () => {
  const unit = fc.constantFrom('a', 'b', '\u2581', '\ud83d', '\ude00', '\uffff');
  const piece = fc.array(unit, { maxLength: 4 }).map((units) => units.join(''));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.array(unit, { maxLength: 12 }).map((units) => units.join('')), fc.nat(12), (pieces, text, start) => {
      const found: [number, number][] = [];
      trieOf(pieces)(text, start, (end, id) => found.push([end, id]));
      const want: [number, number][] = [];
      for (let end = start + 1; end <= text.length; end++) if (pieces.includes(text.slice(start, end))) want.push([end, pieces.lastIndexOf(text.slice(start, end))]);
      expect(found).toEqual(want);
    }),
    { numRuns: 500 },
  );
});

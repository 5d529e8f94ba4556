import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteTable } from './byte-table.ts';
import { pairTable } from './pair-table.ts';

describe('byteTable', () => {
  test('numbers byte strings as a Map does', () => {
    const strings = fc.array(fc.uint8Array({ max: 3, maxLength: 6 }), { maxLength: 3000 });
    fc.assert(
      fc.property(strings, (all) => {
        const table = byteTable();
        const map = new Map<string, number>();
        for (const bytes of all) {
          const key = bytes.join();
          expect(table.find(bytes, 0, bytes.length)).toBe(map.get(key) ?? -1);
          if (!map.has(key)) map.set(key, map.size);
          expect(table.intern(bytes, 0, bytes.length)).toBe(map.get(key));
        }
        expect(table.count).toBe(map.size);
        const held = Array.from({ length: table.count }, (_, i) => table.arena.subarray(table.offsets[i], table.offsets[i + 1]).join());
        expect(held).toEqual([...map.keys()]);
      }),
      { numRuns: 30 },
    );
  });
});

test('pairTable numbers pairs as a Map does', () => {
  const table = pairTable();
  const map = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const left = (i * 7919) % 197;
    const right = (i * 104729) % 1009;
    const key = `${left},${right}`;
    expect(table.find(left, right)).toBe(map.get(key) ?? -1);
    if (!map.has(key)) map.set(key, map.size);
    const index = table.intern(left, right);
    expect(index).toBe(map.get(key));
    expect([table.left(index), table.right(index)]).toEqual([left, right]);
  }
  expect(table.count).toBe(map.size);
});

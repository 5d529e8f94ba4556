import { expect, test } from 'vitest';
import { LONGEST_REMEMBERED, pieceCache } from './piece-cache.ts';

// Each piece comes twice, the second time 500 pieces later: what is known then must be what was kept.
test.each<[string, (i: number) => string]>([
  ['short pieces', (i) => i.toString(36)],
  ['pieces of eight bytes', (i) => String(i).padStart(8, '\0')],
  ['long pieces', (i) => `a long one, ${i}`],
  ['pieces of every length', (i) => 'é'.repeat(i % 10) + i.toString(36)],
])('pieceCache gives back what it was given, beyond what it can hold: %s', (_, piece) => {
  const cache = pieceCache();
  const utf8 = new TextEncoder();
  const ids = new Uint32Array(12);
  let known = 0;
  let wrong = 0;
  for (let n = 0; n < 160_000; n++) {
    const i = n % 2 === 0 ? n / 2 : Math.max(0, (n - 1) / 2 - 500);
    const bytes = utf8.encode(`..${piece(i)}${'.'.repeat(LONGEST_REMEMBERED)}`);
    const length = bytes.length - 2 - LONGEST_REMEMBERED;
    const want = Array.from({ length: 1 + (i % 6) }, (_, j) => i + j);
    const to = cache.recall(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 2, length, ids, 3);
    if (to >= 0) {
      known++;
      if (ids.subarray(3, to).join() !== want.join()) wrong++;
    } else {
      ids.set(want, 3);
      cache.remember(ids, 3, 3 + want.length);
    }
  }
  expect(wrong).toBe(0);
  // 80,000 less the 500 or so that come for the first time, and those that three newer ones have taken the place of.
  expect(known).toBeGreaterThan(78_000);
});

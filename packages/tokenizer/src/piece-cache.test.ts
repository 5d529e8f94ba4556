import { expect, test } from 'vitest';
import { idSink } from './id-sink.ts';
import { pieceCache } from './piece-cache.ts';

// Each piece comes twice, the second time 500 pieces later: what is known then must be what was kept.
test.each<[string, (i: number) => string]>([
  ['short pieces', (i) => i.toString(36)],
  ['pieces of eight bytes', (i) => String(i).padStart(8, '\0')],
  ['long pieces', (i) => `a long piece, number ${i}`],
  ['pieces of every length', (i) => 'é'.repeat(i % 20) + i],
])('pieceCache gives back what it was given, beyond what it can hold: %s', (_, piece) => {
  const cache = pieceCache();
  const utf8 = new TextEncoder();
  let known = 0;
  let wrong = 0;
  for (let n = 0; n < 160_000; n++) {
    const i = n % 2 === 0 ? n / 2 : Math.max(0, (n - 1) / 2 - 500);
    const bytes = utf8.encode(`..${piece(i)}........`);
    const text = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    const ids = Int32Array.from({ length: 1 + (i % 3) }, (_, j) => i + j);
    const sink = idSink(4);
    if (cache.recall(text, 2, bytes.length - 8, sink)) {
      known++;
      if (sink.finish().join() !== ids.join()) wrong++;
    } else {
      cache.remember(ids, ids.length);
    }
  }
  expect(wrong).toBe(0);
  // 80,000 less the 500 or so that were forgotten in between.
  expect(known).toBeGreaterThan(78_000);
});

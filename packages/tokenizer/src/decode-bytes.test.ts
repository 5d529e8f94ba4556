import { expect, test } from 'vitest';
import { decodeIds, tokenBytes } from './decode-bytes.ts';

test('wherever the pieces are cut that are read at once, the text is that of all bytes', () => {
  const encoder = new TextEncoder();
  const parts = ['a', 'é', '字', '😀', '\ufeff'].map((text) => encoder.encode(text));
  // Whole characters, halves of them, bytes that are none, and one token larger than a piece.
  const tokens = [...parts, ...parts.flatMap((bytes) => [bytes.subarray(0, 1), bytes.subarray(1)]), Uint8Array.of(0xff), Uint8Array.of(0xe0, 0x80), encoder.encode('字'.repeat(30_000))];
  const table = tokenBytes(tokens, new Uint8Array(tokens.length));
  let state = 1;
  const next = (below: number): number => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor((state / 2 ** 32) * below); };
  for (let round = 0; round < 12; round++) {
    const ids = Uint32Array.from({ length: 60_000 }, (_, i) => (round % 3 === 0 && i % 9000 === 0 ? tokens.length - 1 : next(tokens.length - 1)));
    const bytes = Buffer.concat([...ids].map((id) => tokens[id]!));
    expect(decodeIds(table, ids, {}) === new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), `round ${round}`).toBe(true);
  }
});

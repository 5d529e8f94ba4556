import { expect, test } from 'vitest';
import { bpeEncoder } from './bpe-encoder.ts';
import { idSink, type IdSink } from './id-sink.ts';
import { indexMerges } from './merge-word.ts';

const byteIds = Int32Array.from({ length: 256 }, (_, byte) => byte);
const utf8 = new TextEncoder();
const merges = (...list: [left: number, right: number, result: number][]): ReturnType<typeof indexMerges> => indexMerges({
  lefts: Int32Array.from(list, ([left]) => left), rights: Int32Array.from(list, ([, right]) => right), results: Int32Array.from(list, ([, , result]) => result),
});
/** Pieces of so many bytes. */
const every = (size: number) => (_: Uint8Array, start: number, limit: number): number => Math.min(start + size, limit);

test('a token whose bytes keep as much as a character of three is not that character, once pieces are read token by token', () => {
  const encode = bpeEncoder({ byteIds, merges: merges([0xe4, 0x41, 256], [256, 0x42, 257]), pieceEnd: undefined, wholePieces: undefined });
  const idsOf = (bytes: Uint8Array): number[] => {
    const sink = idSink(4);
    encode(bytes, sink);
    return [...sink.finish()];
  };
  idsOf(utf8.encode('so many bytes are merged that the vocabulary is laid out'));
  expect(idsOf(utf8.encode('\u4042'))).toEqual([0xe4, 0x81, 0x82]);
});

test.each([[1, 3], [13, 3], [24, 24], [80, 24], [80, 100], [16_384, 7], [16_385, 20], [40_000, 7], [40_000, 30_000]])('the list of ids grows by what a text can need: %i bytes in pieces of %i', (size, piece) => {
  const encode = bpeEncoder({ byteIds, merges: merges([0x61, 0x61, 256]), pieceEnd: every(piece), wholePieces: undefined });
  const sink = idSink(0);
  let most = 0;
  const watched: IdSink = { ...sink, room: (more) => ((most = Math.max(most, more)), sink.room(more)) };
  encode(new Uint8Array(size).fill(0x62), watched);
  expect([...new Set(sink.finish())]).toEqual([0x62]);
  expect(sink.count()).toBe(size);
  expect(most).toBeLessThanOrEqual(Math.min(size, Math.max(2 ** 14, piece)) + 24);
});

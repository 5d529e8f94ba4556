import { byteTable, type ByteTable } from './byte-table.ts';
import { mergeLong, mergeShort, SHORT_WORD, type Merges } from './merge-word.ts';

/** A growing list of ids. */
export interface IdSink {
  push(id: number): void;
  pushAll(ids: Int32Array, start: number, end: number): void;
  finish(): Uint32Array;
}

/** An {@link IdSink} with room for `capacity` ids to begin with. */
export function idSink(capacity: number): IdSink {
  let ids = new Uint32Array(capacity);
  let count = 0;
  const reserve = (more: number): void => {
    if (count + more <= ids.length) return;
    const larger = new Uint32Array(Math.max(count + more, ids.length * 2));
    larger.set(ids);
    ids = larger;
  };
  return {
    push(id) {
      if (count === ids.length) reserve(1);
      ids[count++] = id;
    },
    pushAll(from, start, end) {
      if (count + end - start > ids.length) reserve(end - start);
      for (let i = start; i < end; i++) ids[count++] = from[i]!;
    },
    finish: () => ids.slice(0, count),
  };
}

/** What the encoder needs to know of a BPE model. */
export interface BpeModel {
  /** The id of each single byte, [256]. */
  readonly byteIds: Int32Array;
  readonly merges: Merges;
  /** Where pieces end, or undefined where the whole text is one piece. */
  readonly pieceEnd: ((bytes: Uint8Array, start: number, limit: number) => number) | undefined;
  /** The tokens whose ids are taken at once where a whole piece equals one (`ignore_merges`). */
  readonly wholePieces: WholePieces | undefined;
}

/** The ids of the byte strings of a table. */
export interface WholePieces {
  readonly table: ByteTable;
  readonly ids: Int32Array;
}

// Natural text repeats itself (distinct pieces grow like n^0.6), so most pieces are found here.
const CACHED_PIECES = 1 << 17;

/**
 * Returns the function that appends the ids of `bytes[start, limit)` to a sink. Pieces of up to 64 bytes are remembered,
 * the last 131,072 distinct ones at most; longer ones are merged with a heap, so the time is linear in the text but for a
 * logarithm in the longest piece.
 */
export function bpeEncoder(model: BpeModel): (bytes: Uint8Array, limit: number, sink: IdSink) => void {
  const { byteIds, merges, pieceEnd, wholePieces } = model;
  const cache = byteTable();
  // The ids of cached piece i are cached[ends[i − 1], ends[i]).
  const ends = new Int32Array(CACHED_PIECES);
  let cached = new Int32Array(4096);
  const word = new Int32Array(SHORT_WORD);

  function mergePiece(bytes: Uint8Array, start: number, end: number): { symbols: Int32Array; count: number } {
    const whole = wholePieces ? wholePieces.table.find(bytes, start, end) : -1;
    const length = end - start;
    const symbols = length <= SHORT_WORD ? word : new Int32Array(length);
    if (whole >= 0) {
      symbols[0] = wholePieces!.ids[whole]!;
      return { symbols, count: 1 };
    }
    for (let i = 0; i < length; i++) symbols[i] = byteIds[bytes[start + i]!]!;
    const merge = length <= SHORT_WORD ? mergeShort : mergeLong;
    return { symbols, count: merge(symbols, length, merges) };
  }

  function remember(index: number, symbols: Int32Array, count: number): void {
    const from = index === 0 ? 0 : ends[index - 1]!;
    if (from + count > cached.length) {
      const larger = new Int32Array(cached.length * 2);
      larger.set(cached);
      cached = larger;
    }
    for (let i = 0; i < count; i++) cached[from + i] = symbols[i]!;
    ends[index] = from + count;
  }

  return (bytes, limit, sink) => {
    for (let at = 0; at < limit; ) {
      const end = pieceEnd ? pieceEnd(bytes, at, limit) : limit;
      if (end - at > SHORT_WORD) {
        const { symbols, count } = mergePiece(bytes, at, end);
        sink.pushAll(symbols, 0, count);
      } else {
        if (cache.count === CACHED_PIECES) cache.clear();
        const known = cache.count;
        const index = cache.intern(bytes, at, end);
        if (index === known) {
          const { symbols, count } = mergePiece(bytes, at, end);
          remember(index, symbols, count);
        }
        sink.pushAll(cached, index === 0 ? 0 : ends[index - 1]!, ends[index]!);
      }
      at = end;
    }
  };
}

import { type ByteTable, byteTable } from './byte-table.ts';
import type { IdSink } from './id-sink.ts';
import { mergeLong, mergeShort, SHORT_WORD, type Merges } from './merge-word.ts';
import { LONGEST_REMEMBERED, pieceCache } from './piece-cache.ts';
import { segmenter, type Segmenter } from './segment-piece.ts';

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

/**
 * Returns the function that appends the ids of `bytes` to a sink. Natural text repeats itself (its distinct pieces grow like
 * n^0.6), so short pieces are remembered. Others are merged; once half as many bytes were as there are merges, it pays to know
 * how each token is made, and pieces are read token by token. The time is linear in the text but for a logarithm in the longest piece.
 */
export function bpeEncoder(model: BpeModel): (bytes: Uint8Array, sink: IdSink) => void {
  const { byteIds, merges, pieceEnd, wholePieces } = model;
  const cache = pieceCache();
  const word = new Int32Array(SHORT_WORD);
  // The last piece of a text, where a view of so many bytes would end behind it.
  const tail = new Uint8Array(LONGEST_REMEMBERED);
  const tailView = new DataView(tail.buffer);
  const enough = merges.list.lefts.length / 2;
  let mergedBytes = 0;
  let segment: Segmenter | undefined;
  let whole = wholePieces;

  // Once pieces are read token by token, what is a token is found that way, unless merging never makes it.
  function prepare(): void {
    segment = segmenter(merges, byteIds);
    if (!segment || !whole) return;
    const { table, ids } = whole;
    const rare = byteTable();
    const rareIds: number[] = [];
    const found = new Uint32Array(table.offsets.reduce((most, offset, i) => Math.max(most, offset - (table.offsets[i - 1] ?? 0)), 1));
    for (let i = 0; i < table.count; i++) {
      const [start, end] = [table.offsets[i]!, table.offsets[i + 1]!];
      if (segment(table.arena, start, end, found, 0) === 1 && found[0] === ids[i]) continue;
      rare.intern(table.arena, start, end);
      rareIds.push(ids[i]!);
    }
    whole = rare.count === 0 ? undefined : { table: rare, ids: Int32Array.from(rareIds) };
  }

  function mergePiece(bytes: Uint8Array, start: number, end: number, ids: Uint32Array, at: number): number {
    const token = whole ? whole.table.find(bytes, start, end) : -1;
    if (token >= 0) {
      ids[at] = whole!.ids[token]!;
      return at + 1;
    }
    if (segment) {
      const to = segment(bytes, start, end, ids, at);
      if (to >= 0) return to;
    }
    const length = end - start;
    const before = mergedBytes;
    mergedBytes += length;
    if (before <= enough && mergedBytes > enough) prepare();
    const symbols = length <= SHORT_WORD ? word : new Int32Array(length);
    for (let i = 0; i < length; i++) symbols[i] = byteIds[bytes[start + i]!]!;
    const count = (length <= SHORT_WORD ? mergeShort : mergeLong)(symbols, length, merges);
    for (let i = 0; i < count; i++) ids[at + i] = symbols[i]!;
    return at + count;
  }

  return (bytes, sink) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const limit = bytes.length;
    // No piece that starts before this reads beyond the end of the view.
    const tailStart = limit - LONGEST_REMEMBERED;
    let at = sink.count();
    for (let start = 0; start < limit && at < sink.most; ) {
      const stop = Math.min(limit, start + ROOM);
      let ids = sink.room(stop - start + LONGEST_REMEMBERED);
      while (start < stop && at < sink.most) {
        const end = pieceEnd ? pieceEnd(bytes, start, limit) : limit;
        const length = end - start;
        let to = -1;
        if (length > LONGEST_REMEMBERED || (length > SELDOM_AGAIN && bytes[start]! >= 0xe0)) {
          if (end > stop) {
            sink.settle(at);
            ids = sink.room(length);
          }
          to = mergePiece(bytes, start, end, ids, at);
        } else {
          if (start <= tailStart) to = cache.recall(view, start, length, ids, at);
          else {
            tail.set(bytes.subarray(start, end));
            to = cache.recall(tailView, 0, length, ids, at);
          }
          if (to < 0) {
            to = mergePiece(bytes, start, end, ids, at);
            cache.remember(ids, at, to);
          }
        }
        at = to;
        start = end;
      }
      sink.settle(at);
    }
  };
}

// Whole clauses of Chinese are one piece: from so many bytes on, those that begin with a character of three bytes seldom come again.
const SELDOM_AGAIN = 8;

// So many bytes are encoded before the list of ids is asked for room again. Bytes give that many ids at most, and a last piece goes on behind them.
const ROOM = 1 << 14;

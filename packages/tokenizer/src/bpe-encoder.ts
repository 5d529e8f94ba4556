import type { ByteTable } from './byte-table.ts';
import type { IdSink } from './id-sink.ts';
import { mergeLong, mergeShort, SHORT_WORD, type Merges } from './merge-word.ts';
import { LONGEST_REMEMBERED, pieceCache } from './piece-cache.ts';

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
 * n^0.6), so most pieces are remembered and not merged again; long ones are merged with a heap. The time is linear in the text
 * but for a logarithm in the longest piece.
 */
export function bpeEncoder(model: BpeModel): (bytes: Uint8Array, sink: IdSink) => void {
  const { byteIds, merges, pieceEnd, wholePieces } = model;
  const cache = pieceCache();
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

  return (bytes, sink) => {
    const text = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    const limit = bytes.length;
    for (let at = 0; at < limit && !sink.full(); ) {
      const end = pieceEnd ? pieceEnd(bytes, at, limit) : limit;
      const short = end - at <= LONGEST_REMEMBERED;
      if (!short || !cache.recall(text, at, end, sink)) {
        const { symbols, count } = mergePiece(bytes, at, end);
        sink.pushAll(symbols, 0, count);
        if (short) cache.remember(symbols, count);
      }
      at = end;
    }
  };
}

/** Part of a document in a row: `count` tokens from `from` on in the store, and whether the document ends with them. */
export interface Piece {
  readonly from: number;
  readonly count: number;
  readonly last: boolean;
}

/**
 * How documents become rows: given where each begins in the store (`offsets`, with the end as its last entry), the pieces of
 * one row after the other, each row at most `length` tokens.
 */
export type PackingStrategy = (offsets: ArrayLike<number>, length: number) => Iterable<readonly Piece[]>;

/**
 * Documents one after the other, cut every `length` tokens: every row but the last is full, and nothing is lost. A document
 * that a row's end cuts goes on in the next row without what came before.
 */
export function* contiguous(offsets: ArrayLike<number>, length: number): Generator<readonly Piece[]> {
  let row: Piece[] = [];
  let room = length;
  for (let document = 0; document + 1 < offsets.length; document++) {
    const end = offsets[document + 1]!;
    for (let from = offsets[document]!; from < end;) {
      const count = Math.min(room, end - from);
      row.push({ from, count, last: from + count === end });
      from += count;
      room -= count;
      if (room > 0) continue;
      yield row;
      row = [];
      room = length;
    }
  }
  if (row.length > 0) yield row;
}

/**
 * Best-fit packing: a document is cut only where it is longer than a row, into whole rows and a rest; rests and short documents
 * are placed, longest first, into the fullest row that has room. Nothing is lost, every row begins a document or goes on with
 * a long one, and what stays empty is padding, a few percent at most on mixed lengths.
 *
 * Ding et al. 2024, https://arxiv.org/abs/2404.10830
 */
export function* bestFit(offsets: ArrayLike<number>, length: number): Generator<readonly Piece[]> {
  const bySize: Piece[][] = Array.from({ length: length + 1 }, () => []);
  for (let document = 0; document + 1 < offsets.length; document++) {
    const end = offsets[document + 1]!;
    for (let from = offsets[document]!; from < end; from += length) {
      const count = Math.min(length, end - from);
      bySize[count]!.push({ from, count, last: from + count === end });
    }
  }
  const rows: Piece[][] = [];
  const byRoom: number[][] = Array.from({ length: length + 1 }, () => []);
  for (let size = length; size > 0; size--) {
    for (const piece of bySize[size]!) {
      let room = size;
      while (room < length && byRoom[room]!.length === 0) room++;
      const row = byRoom[room]!.pop() ?? rows.push([]) - 1;
      rows[row]!.push(piece);
      byRoom[room - size]!.push(row);
    }
  }
  yield* rows;
}

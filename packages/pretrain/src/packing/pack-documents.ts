import { growingArray } from './growing-array.ts';
import { contiguous, type PackingStrategy } from './strategies.ts';

/** Marks a position without a target: the next token is another document, or there is none. */
export const IGNORED = -100;

/** Rows of equal length over one store of tokens; `fillRow` writes one out. */
export interface PackedRows {
  /** Tokens per row. */
  readonly length: number;
  /** Rows. */
  readonly count: number;
  readonly documents: number;
  /** Tokens of all documents, with bos and eos; and places of all rows that hold none. */
  readonly tokenCount: number;
  readonly padding: number;
  /** Positions that have a target. */
  readonly targetCount: number;
  /** Fills what no document does. */
  readonly padId: number;
  readonly tokens: Int32Array;
  /** Of each piece: where it begins in `tokens`, its length, and 1 where its document ends with it. */
  readonly pieces: { readonly from: Int32Array; readonly count: Int32Array; readonly last: Uint8Array };
  /** The first piece of each row, and after the last row the number of pieces. */
  readonly firstPiece: Int32Array;
}

export interface PackOptions {
  /** Tokens per row: at most the context of the model. */
  readonly length: number;
  /** Put before and after every document; default none. */
  readonly bos?: number;
  readonly eos?: number;
  /** Default `contiguous`. */
  readonly strategy?: PackingStrategy;
  /** Fills what no document does; default `eos`, else 0. Padding is never a target and no other token sees it. */
  readonly padId?: number;
}

/**
 * Token ids of documents as rows of one length. Kept compactly: four bytes a token and nine a piece; masks, positions and
 * targets are made when a batch is drawn.
 *
 * @throws RangeError for no documents at all, for a length below 2 and for ids that are no whole numbers from 0 on.
 *
 * @example
 * ```ts
 * import { fillRow, packDocuments } from '@llm/pretrain';
 * const rows = packDocuments([[5, 6, 7], [8, 9]], { length: 6, eos: 1 });
 * const row = fillRow(rows, 0);
 * if (row.ids.join() !== '5,6,7,1,8,9') throw new Error('documents in turn');
 * if (row.targets.join() !== '6,7,1,-100,9,1') throw new Error('no target crosses a document');
 * if (row.positions.join() !== '0,1,2,3,0,1') throw new Error('positions restart');
 * ```
 */
export function packDocuments(documents: Iterable<ArrayLike<number>>, options: PackOptions): PackedRows {
  const { length, bos, eos, strategy = contiguous, padId = eos ?? 0 } = options;
  if (!Number.isSafeInteger(length) || length < 2) throw new RangeError(`packDocuments: expected length to be a whole number from 2 on but found ${length}.`);
  for (const [name, id] of Object.entries({ bos, eos, padId })) if (id !== undefined) checkId(id, name);
  const store = growingArray();
  const offsets: number[] = [0];
  for (const document of documents) {
    if (document.length === 0) continue;
    for (let i = 0; i < document.length; i++) checkId(document[i]!, `id ${i} of document ${offsets.length - 1}`);
    if (bos !== undefined) store.push(bos);
    store.append(document);
    if (eos !== undefined) store.push(eos);
    offsets.push(store.length);
  }
  if (offsets.length === 1) throw new RangeError('packDocuments: expected documents with tokens but found none. Check the input files and the filters.');
  const from = growingArray();
  const counts = growingArray();
  const last: number[] = [];
  const firstPiece = growingArray();
  let placed = 0;
  let ends = 0;
  for (const row of strategy(offsets, length)) {
    let used = 0;
    firstPiece.push(last.length);
    for (const piece of row) {
      from.push(piece.from);
      counts.push(piece.count);
      last.push(Number(piece.last));
      ends += Number(piece.last);
      used += piece.count;
    }
    if (used > length || used === 0) throw new RangeError(`packDocuments: expected a strategy that gives rows of 1 to ${length} tokens but found ${used}.`);
    placed += used;
  }
  const count = firstPiece.length;
  firstPiece.push(last.length);
  return {
    length, count, documents: offsets.length - 1, tokenCount: store.length, padding: count * length - placed, targetCount: placed - ends, padId,
    tokens: store.finish(), pieces: { from: from.finish(), count: counts.finish(), last: Uint8Array.from(last) }, firstPiece: firstPiece.finish(),
  };
}

function checkId(id: number, name: string): void {
  if (!Number.isSafeInteger(id) || id < 0 || id > 0x7fffffff) throw new RangeError(`packDocuments: expected ${name} to be a token id from 0 on but found ${id}.`);
}

/** The four fields of one or more rows, row after row. */
export interface RowFields {
  readonly ids: Int32Array;
  /** The id that follows in the same document, or −100. */
  readonly targets: Int32Array;
  /** The number of the document within its row, from 0; padding goes on with the last. */
  readonly segments: Int32Array;
  /** Restart at 0 with every document. */
  readonly positions: Int32Array;
}

/**
 * Writes row `index` out, into given arrays from `at` on or into new ones; returns them. A `length` below that of the rows takes their
 * first tokens; the last of these keeps its target.
 */
export function fillRow(rows: PackedRows, index: number, { into, at = 0, length = rows.length }: { into?: RowFields; at?: number; length?: number } = {}): RowFields {
  const { tokens, pieces, firstPiece, padId } = rows;
  checkRow(rows, index);
  const fields = into ?? emptyFields(length);
  const { ids, targets, segments, positions } = fields;
  const first = firstPiece[index]!;
  const rest = at + length;
  let column = at;
  let piece = first;
  for (; piece < firstPiece[index + 1]! && column < rest; piece++) {
    const from = pieces.from[piece]!;
    const whole = pieces.count[piece]!;
    const size = Math.min(whole, rest - column);
    ids.set(tokens.subarray(from, from + size), column);
    targets.set(tokens.subarray(from + 1, from + size), column);
    targets[column + size - 1] = size === whole && pieces.last[piece] === 1 ? IGNORED : tokens[from + size]!;
    segments.fill(piece - first, column, column + size);
    for (let i = 0; i < size; i++) positions[column + i] = i;
    column += size;
  }
  ids.fill(padId, column, rest);
  targets.fill(IGNORED, column, rest);
  segments.fill(piece - 1 - first, column, rest);
  for (let i = column; i < rest; i++) positions[i] = positions[i - 1]! + 1;
  return fields;
}

/** How many of a row's tokens are documents; the rest is padding. */
export function tokensInRow(rows: PackedRows, index: number): number {
  checkRow(rows, index);
  let count = 0;
  for (let piece = rows.firstPiece[index]!; piece < rows.firstPiece[index + 1]!; piece++) count += rows.pieces.count[piece]!;
  return count;
}

function checkRow({ count }: PackedRows, index: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) throw new RangeError(`fillRow: expected a row from 0 to ${count - 1} but found ${index}.`);
}

/** Fields of zeros for `size` positions. */
export function emptyFields(size: number): RowFields {
  return { ids: new Int32Array(size), targets: new Int32Array(size), segments: new Int32Array(size), positions: new Int32Array(size) };
}

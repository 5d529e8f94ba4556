import { type CausalBatch, causalBatch, type Collate, type DrawnRow } from './collate.ts';
import type { PackedRows } from './packing/pack-documents.ts';
import { randomOrder } from './random-order.ts';
import { rowRandom } from './row-random.ts';

/** How far the data have been read: enough to go on exactly there. A type and not an interface, so that it counts as JSON. */
export type DataPosition = {
  readonly epoch: number;
  /** Batches of this epoch that have been drawn. */
  readonly index: number;
};

/** Batches to iterate over, once; `position` is that of the next one. */
export interface BatchStream<B = CausalBatch> extends Iterable<B> {
  readonly position: DataPosition;
  readonly batchesPerEpoch: number;
}

export interface BatchOptions {
  /** Rows per batch. */
  readonly batch: number;
  readonly seed: number;
  /** How often to go through the rows; default without end. */
  readonly epochs?: number;
  /** Where to go on; default at the beginning. */
  readonly position?: DataPosition;
  /** How many first tokens of its rows a batch takes, given how many batches came before; default all. See `lengthWarmup`. */
  readonly length?: (drawn: number) => number;
}

/** What an objective other than the causal one needs. */
export interface CollateOption<B> {
  /** Makes a batch of some rows: `maskedTokens`, `spanCorruption`, `denoisers`, `blankInfilling`, `prefixLm` or one's own; default the causal one. */
  readonly collate: Collate<B>;
}

function whole(name: string, value: number, from: number): void {
  if (!Number.isSafeInteger(value) || value < from) throw new RangeError(`batches: expected ${name} to be a whole number from ${from} on but found ${value}.`);
}

/** The length that a schedule gives, checked. */
export function rowLength(found: number, rows: PackedRows): number {
  if (!Number.isSafeInteger(found) || found < 2 || found > rows.length) {
    throw new RangeError(`batches: expected a length from 2 to ${rows.length}, that of the rows, but found ${found}. Check the schedule of lengths.`);
  }
  return found;
}

/**
 * Batches in an order that changes with every epoch and depends on the seed alone. What does not fill a batch at the end of an
 * epoch is left out of it; the next epoch's order leaves out others.
 *
 * @throws RangeError where there are fewer rows than a batch takes, before the first batch.
 *
 * @example
 * ```ts
 * import { batches, packDocuments } from '@llm/pretrain';
 * const rows = packDocuments([[1, 2, 3, 4, 5, 6, 7, 8]], { length: 2 });
 * const stream = batches(rows, { batch: 2, seed: 7 });
 * const [first] = stream;
 * const again = batches(rows, { batch: 2, seed: 7, position: stream.position });
 * if (first?.ids.length !== 4 || again.position.index !== 1) throw new Error('wrong position');
 * ```
 */
export function batches<B>(rows: PackedRows, options: BatchOptions & CollateOption<B>): BatchStream<B>;
export function batches(rows: PackedRows, options: BatchOptions): BatchStream;
export function batches(rows: PackedRows, options: BatchOptions & Partial<CollateOption<unknown>>): BatchStream<unknown> {
  const { batch, seed, epochs = Infinity, position = { epoch: 0, index: 0 }, collate = causalBatch, length = () => rows.length } = options;
  whole('batch', batch, 1);
  whole('seed', seed, 0);
  if (epochs !== Infinity) whole('epochs', epochs, 1);
  const batchesPerEpoch = Math.floor(rows.count / batch);
  if (batchesPerEpoch === 0) {
    throw new RangeError(
      `batches: expected at least ${batch} rows of ${rows.length} tokens but found ${rows.count}. Use more text, shorter rows or a smaller batch.`,
    );
  }
  whole('position.epoch', position.epoch, 0);
  whole('position.index', position.index, 0);
  if (position.index > batchesPerEpoch) {
    throw new RangeError(`batches: expected a position of at most ${batchesPerEpoch} batches but found ${position.index}. The rows or the batch size changed since it was saved.`);
  }
  let { epoch, index } = position;
  function* draw(): Generator<unknown> {
    for (; epoch < epochs; epoch++, index = 0) {
      const order = randomOrder(rows.count, { seed, epoch });
      while (index < batchesPerEpoch) {
        const at = rowLength(length(epoch * batchesPerEpoch + index), rows);
        const chosen = order.subarray(index * batch, (index + 1) * batch);
        index++;
        yield collate(drawnRows(rows, chosen, { seed, epoch, length: at }));
      }
    }
  }
  return {
    batchesPerEpoch,
    get position() { return { epoch, index }; },
    [Symbol.iterator]: draw,
  };
}

/** Every row once, in turn, the last batch smaller where need be: for validation. What an objective draws depends on `seed`, default 0, and the row. */
export function batchesInOrder<B>(rows: PackedRows, options: { readonly batch: number; readonly seed?: number } & CollateOption<B>): Generator<B>;
export function batchesInOrder(rows: PackedRows, options: { readonly batch: number }): Generator<CausalBatch>;
export function* batchesInOrder(rows: PackedRows, options: { readonly batch: number; readonly seed?: number } & Partial<CollateOption<unknown>>): Generator<unknown> {
  const { batch, seed = 0, collate = causalBatch } = options;
  whole('batch', batch, 1);
  for (let from = 0; from < rows.count; from += batch) {
    const chosen = Array.from({ length: Math.min(batch, rows.count - from) }, (_, i) => from + i);
    yield collate(drawnRows(rows, chosen, { seed, epoch: 0, length: rows.length }));
  }
}

/** The given rows as one batch. */
export function batchOf(rows: PackedRows, chosen: ArrayLike<number>): CausalBatch {
  return causalBatch(drawnRows(rows, chosen, { seed: 0, epoch: 0, length: rows.length }));
}

function drawnRows(rows: PackedRows, chosen: ArrayLike<number>, { seed, epoch, length }: { seed: number; epoch: number; length: number }): DrawnRow[] {
  return Array.from(chosen, (index) => ({ rows, index, length, random: rowRandom({ seed, epoch, row: index }) }));
}

import type { TokenBatch } from '@llm/model';
import { emptyFields, fillRow, IGNORED, type PackedRows, type RowFields } from './packing/pack-documents.ts';
import { randomOrder } from './random-order.ts';

/** Some rows, ready for `causalLoss`. Each field is [rows, length], row after row. */
export interface CausalBatch extends TokenBatch, RowFields {
  /** Positions that have a target. */
  readonly targetCount: number;
}

/** How far the data have been read: enough to go on exactly there. A type and not an interface, so that it counts as JSON. */
export type DataPosition = {
  readonly epoch: number;
  /** Batches of this epoch that have been drawn. */
  readonly index: number;
};

/** Batches to iterate over, once; `position` is that of the next one. */
export interface BatchStream extends Iterable<CausalBatch> {
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
}

function whole(name: string, value: number, from: number): void {
  if (!Number.isSafeInteger(value) || value < from) throw new RangeError(`batches: expected ${name} to be a whole number from ${from} on but found ${value}.`);
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
export function batches(rows: PackedRows, { batch, seed, epochs = Infinity, position = { epoch: 0, index: 0 } }: BatchOptions): BatchStream {
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
  function* draw(): Generator<CausalBatch> {
    for (; epoch < epochs; epoch++, index = 0) {
      const order = randomOrder(rows.count, { seed, epoch });
      while (index < batchesPerEpoch) {
        const chosen = order.subarray(index * batch, (index + 1) * batch);
        index++;
        yield batchOf(rows, chosen);
      }
    }
  }
  return {
    batchesPerEpoch,
    get position() { return { epoch, index }; },
    [Symbol.iterator]: draw,
  };
}

/** Every row once, in turn, the last batch smaller where need be: for validation. */
export function* batchesInOrder(rows: PackedRows, { batch }: { readonly batch: number }): Generator<CausalBatch> {
  whole('batch', batch, 1);
  for (let from = 0; from < rows.count; from += batch) {
    yield batchOf(rows, Array.from({ length: Math.min(batch, rows.count - from) }, (_, i) => from + i));
  }
}

/** The given rows as one batch. */
export function batchOf(rows: PackedRows, chosen: ArrayLike<number>): CausalBatch {
  const fields = emptyFields(chosen.length * rows.length);
  for (let i = 0; i < chosen.length; i++) fillRow(rows, chosen[i]!, { into: fields, at: i * rows.length });
  let targetCount = 0;
  for (const target of fields.targets) targetCount += Number(target !== IGNORED);
  const { length } = rows;
  const packed = fields.segments.some((segment, i) => i % length > 0 && segment !== fields.segments[i - 1]);
  const restarts = fields.positions.some((position, i) => position !== i % length);
  return { ...fields, rows: chosen.length, length, targetCount, packed, restarts };
}

import { SFT_DEFAULTS } from '../defaults.ts';
import { type Order, shuffled } from '../order/shuffled.ts';
import { bfd } from './best-fit-decreasing.ts';
import { checkRows } from './check-rows.ts';
import { type Row, rowLength } from './row.ts';
import { type SftBatch, toBatch, type ToBatchOptions } from './to-batch.ts';

/** How far the data have been read: enough to go on exactly there. A type and not an interface, so that it counts as JSON. */
export type DataPosition = {
  readonly epoch: number;
  /** Batches of this epoch that have been drawn. */
  readonly index: number;
  /** Tokens of all batches so far, without padding: TRL's `num_tokens`. */
  readonly tokens: number;
};

/** Batches to iterate over, once; `position` is that of the next one. */
export interface BatchStream extends Iterable<SftBatch> {
  readonly position: DataPosition;
  readonly batchesPerEpoch: number;
}

export interface BatchOptions extends ToBatchOptions {
  /** Rows per batch. */
  readonly batch: number;
  /** The order changes with every epoch and depends on it alone; default 0. */
  readonly seed?: number;
  /** How often to go through the rows; default 3. */
  readonly epochs?: number;
  /** Which rows in which order; default: all, shuffled by `seed`. */
  readonly order?: Order;
  /** Where to go on; default at the beginning. */
  readonly position?: DataPosition;
  /**
   * Put the examples of a batch side by side into as few rows as its longest one allows, instead of padding each; default false. The
   * loss is the same. TRL makes one row of them, which here would have to fit the context of the model.
   */
  readonly paddingFree?: boolean;
}

function whole(name: string, value: number, from: number): void {
  if (!Number.isSafeInteger(value) || value < from) throw new RangeError(`batches: expected ${name} to be a whole number from ${from} on but found ${value}.`);
}

/**
 * Batches of rows, epoch after epoch; the last one of an epoch may be smaller. `position` is JSON: with it a new stream goes on
 * exactly there.
 *
 * @throws SftError E_EMPTY, E_TOO_FEW for fewer rows than a batch takes, E_MASK where no row has a target; before the first batch.
 *
 * @example
 * ```ts
 * import { batches, padded, plainExample } from '@llm/sft';
 * const { rows } = padded([plainExample([1, 2, 3]), plainExample([4, 5])]);
 * const stream = batches(rows, { batch: 1, seed: 7, epochs: 2 });
 * const [first, second] = stream;
 * const later = batches(rows, { batch: 1, seed: 7, epochs: 2, position: JSON.parse(JSON.stringify(stream.position)) });
 * if (first?.rows !== 1 || second?.rows !== 1 || [...later].length !== 2) throw new Error('two of four are left');
 * ```
 */
export function batches(rows: readonly Row[], options: BatchOptions): BatchStream {
  const { batch, seed = 0, epochs = SFT_DEFAULTS.epochs, position = { epoch: 0, index: 0, tokens: 0 }, paddingFree = SFT_DEFAULTS.paddingFree, padId = 0, padToMultipleOf = 1 } = options;
  whole('batch', batch, 1);
  whole('seed', seed, 0);
  whole('padToMultipleOf', padToMultipleOf, 1);
  if (epochs !== Infinity) whole('epochs', epochs, 1);
  for (const [name, value] of Object.entries(position)) whole(`position.${name}`, value, 0);
  checkRows(rows, { batch });
  const order = options.order ?? shuffled(rows.length, { seed });
  let { epoch, index, tokens } = position;
  const orderOf = (at: number): ArrayLike<number> => {
    const found = order(at);
    if (found.length === 0) throw new RangeError(`batches: expected an order of at least one row but found none for epoch ${at}.`);
    return found;
  };
  let drawn = orderOf(epoch);
  const perEpoch = (): number => Math.ceil(drawn.length / batch);
  if (index > perEpoch()) {
    throw new RangeError(`batches: expected a position of at most ${perEpoch()} batches but found ${index}. The rows or the batch size changed since it was saved.`);
  }
  function* draw(): Generator<SftBatch> {
    while (epoch < epochs) {
      while (index < perEpoch()) {
        const chosen = Array.from({ length: Math.min(batch, drawn.length - index * batch) }, (_, i) => rowAt(rows, drawn[index * batch + i]!));
        index++;
        tokens += chosen.reduce((sum, row) => sum + rowLength(row), 0);
        yield toBatch(paddingFree ? sideBySide(chosen) : chosen, { padId, padToMultipleOf });
      }
      index = 0;
      drawn = orderOf(++epoch);
    }
  }
  return {
    get batchesPerEpoch() { return perEpoch(); },
    get position() { return { epoch, index, tokens }; },
    [Symbol.iterator]: draw,
  };
}

/** Every row once, in turn, the last batch smaller where need be: for validation. */
export function* batchesInOrder(rows: readonly Row[], { batch, ...options }: ToBatchOptions & { readonly batch: number }): Generator<SftBatch> {
  whole('batch', batch, 1);
  for (let from = 0; from < rows.length; from += batch) yield toBatch(rows.slice(from, from + batch), options);
}

function rowAt(rows: readonly Row[], index: number): Row {
  return rows[index] ?? (() => { throw new RangeError(`batches: expected an order of rows below ${rows.length} but found ${index}.`); })();
}

function sideBySide(rows: readonly Row[]): readonly Row[] {
  return bfd(rows.flat(), { length: Math.max(...rows.map(rowLength)) });
}

import { rowLength } from './batches.ts';
import { type CausalBatch, causalBatch, type Collate, type DrawnRow } from './collate.ts';
import type { PackedRows } from './packing/pack-documents.ts';
import { mix, randomOrder } from './random-order.ts';
import { rowRandom } from './row-random.ts';

/** How far each source has been read, and what the mixture owes it. A type and not an interface, so that it counts as JSON. */
export type MixPosition = {
  /** Batches that have been drawn. */
  readonly drawn: number;
  readonly sources: { readonly [name: string]: SourcePosition };
};

/** How far one source has been read. */
export type SourcePosition = {
  readonly epoch: number;
  /** Rows of this epoch that have been drawn. */
  readonly index: number;
  /** Rows that its share amounts to, less those that it got. */
  readonly owed: number;
};

/** Batches to iterate over, once; `position` is that of the next one. */
export interface MixStream<B = CausalBatch> extends Iterable<B> {
  readonly position: MixPosition;
  /** How often each source has been gone through so far, parts included. */
  readonly epochs: { readonly [name: string]: number };
}

export interface MixOptions {
  /** Rows per batch. */
  readonly batch: number;
  readonly seed: number;
  /** The weight of each source, given how many batches came before; they need not sum to 1. See `mixSchedule`. */
  readonly weights: (drawn: number) => { readonly [name: string]: number };
  /** Batches in all; default without end. */
  readonly batches?: number;
  /** Where to go on; default at the beginning. */
  readonly position?: MixPosition;
  /** How many first tokens of its rows a batch takes, given how many batches came before; default all. */
  readonly length?: (drawn: number) => number;
}

/**
 * Batches of rows from several sources in shares that may change from batch to batch. Each source is gone through in orders of its own, over
 * and over; nothing of it is left out.
 *
 * Which source a row comes from is not drawn: it is the one that is owed most, so that the shares are kept to within a few rows at any time.
 * A source joins or leaves without changing the order of the others.
 *
 * @throws RangeError for sources of unequal length, weights below 0 or all 0, and weights without a source.
 *
 * @example
 * ```ts
 * import { mixedBatches, mixSchedule, packDocuments } from '@llm/pretrain';
 * const rows = (first: number) => packDocuments([Array.from({ length: 64 }, (_, i) => first + i)], { length: 4 });
 * const weights = mixSchedule([{ at: 0, weights: { web: 3, code: 1 } }, { at: 10, weights: { web: 1, code: 1 } }]);
 * const stream = mixedBatches({ web: rows(0), code: rows(100) }, { batch: 4, seed: 0, weights, batches: 20 });
 * const [first] = stream;
 * if ([0, 4, 8, 12].filter((at) => first!.ids[at]! >= 100).length !== 1) throw new Error('one of four');
 * if (stream.epochs['web'] !== 3 / 16) throw new Error('three of its 16 rows');
 * ```
 */
export function mixedBatches<B>(sources: { readonly [name: string]: PackedRows }, options: MixOptions & { readonly collate: Collate<B> }): MixStream<B>;
export function mixedBatches(sources: { readonly [name: string]: PackedRows }, options: MixOptions): MixStream;
export function mixedBatches(
  sources: { readonly [name: string]: PackedRows }, { batch, seed, weights, position, batches = Infinity, collate = causalBatch, length }: MixOptions & { readonly collate?: Collate<unknown> },
): MixStream<unknown> {
  for (const [name, value] of Object.entries({ batch, ...(batches === Infinity ? {} : { batches }) })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`mixedBatches: expected ${name} to be a whole number from 1 on but found ${value}.`);
  }
  const states = Object.entries(sources).map(([name, rows]) => ({ name, rows, hash: hashOf(name), ...(position?.sources[name] ?? { epoch: 0, index: 0, owed: 0 }) }));
  const [first] = states;
  if (first === undefined) throw new RangeError('mixedBatches: expected at least one source but found none.');
  for (const { name, rows, index } of states) {
    if (rows.length !== first.rows.length) throw new RangeError(`mixedBatches: expected rows of ${first.rows.length} tokens in every source, as in ${first.name}, but found ${rows.length} in ${name}. Pack all of them with the same length.`);
    if (index > rows.count) throw new RangeError(`mixedBatches: expected a position of at most ${rows.count} rows in ${name} but found ${index}. Its rows changed since it was saved.`);
  }
  let drawn = position?.drawn ?? 0;
  const orders = new Map<string, { epoch: number; order: Int32Array }>();
  const nextRow = (state: (typeof states)[0], tokens: number): DrawnRow => {
    if (state.index === state.rows.count) {
      state.index = 0;
      state.epoch++;
    }
    const { name, rows, epoch, hash } = state;
    const known = orders.get(name);
    const order = known?.epoch === epoch ? known.order : randomOrder(rows.count, { seed: mix(seed) ^ hash, epoch });
    orders.set(name, { epoch, order });
    const index = order[state.index++]!;
    return { rows, index, length: tokens, random: rowRandom({ seed, epoch, row: index, source: hash }) };
  };
  function* draw(): Generator<unknown> {
    while (drawn < batches) {
      const shares = sharesOf(weights(drawn), states.map(({ name }) => name));
      const tokens = rowLength(length?.(drawn) ?? first!.rows.length, first!.rows);
      const rows = Array.from({ length: batch }, () => {
        states.forEach((state, i) => { state.owed += shares[i]!; });
        // Among those with a share, so that one that has left gets no more.
        const chosen = states.reduce((most, state, i) => (shares[i]! > 0 && (most === undefined || state.owed > most.owed) ? state : most), undefined as (typeof states)[0] | undefined)!;
        chosen.owed -= 1;
        return nextRow(chosen, tokens);
      });
      drawn++;
      yield collate(rows);
    }
  }
  return {
    get position() {
      return { drawn, sources: Object.fromEntries(states.map(({ name, epoch, index, owed }) => [name, { epoch, index, owed }])) };
    },
    get epochs() { return Object.fromEntries(states.map(({ name, rows, epoch, index }) => [name, epoch + index / rows.count])); },
    [Symbol.iterator]: draw,
  };
}

/** Weights by the order of the sources, as shares of 1. */
function sharesOf(weights: { readonly [name: string]: number }, names: readonly string[]): number[] {
  for (const [name, weight] of Object.entries(weights)) {
    if (!names.includes(name)) throw new RangeError(`mixedBatches: expected weights for ${names.join(', ')} but found one for ${name}. Leave it out, or give its rows.`);
    if (!(weight >= 0 && Number.isFinite(weight))) throw new RangeError(`mixedBatches: expected a weight from 0 on for ${name} but found ${weight}.`);
  }
  const found = names.map((name) => weights[name] ?? 0);
  const sum = found.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) throw new RangeError('mixedBatches: expected at least one weight above 0 but found none. Check the schedule.');
  return found.map((weight) => weight / sum);
}

function hashOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = mix(Math.imul(hash, 31) + name.charCodeAt(i));
  return hash;
}

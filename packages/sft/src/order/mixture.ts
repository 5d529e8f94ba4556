import { SftError } from '../sft-error.ts';
import { type Row, rowLength, rowTargets } from '../rows/row.ts';
import { apportion } from './apportion.ts';
import { draw } from './draw.ts';
import { mix, type Order, permutation } from './shuffled.ts';

/** One data set of a mixture. */
export interface Source {
  readonly name: string;
  readonly rows: readonly Row[];
  /** Multiplies its share; default 1. */
  readonly weight?: number;
  /** A fixed share of all draws, in (0, 1), apart from the others: for replayed pretraining data. */
  readonly fraction?: number;
}

export interface MixtureOptions {
  readonly seed: number;
  /** 1 draws in proportion to size, larger ones more evenly, Infinity evenly; default 1. */
  readonly temperature?: number;
  /** Rows of one epoch; default: as many as the sources without `fraction` have, and the fixed shares on top. */
  readonly rowsPerEpoch?: number;
}

/** How a source was drawn from. */
export interface SourceReport {
  readonly name: string;
  readonly rows: number;
  readonly tokens: number;
  readonly targets: number;
  /** Share of all draws. */
  readonly share: number;
  /** Draws, and how often that goes through the source: draws / rows, exactly. */
  readonly drawn: number;
  readonly epochs: number;
}

export interface Mixture {
  /** The rows of all sources, one after the other, for `batches`. */
  readonly rows: readonly Row[];
  readonly order: Order;
  readonly rowsPerEpoch: number;
  /** How often each source is gone through in so many epochs of the mixture. */
  report(epochs: number): SourceReport[];
}

/**
 * Several data sets as one, drawn without chance in their shares: source i gets
 *
 *   (1 − Σ fractions) · weight_i · rows_i^(1/T) / Σ_j weight_j · rows_j^(1/T)   or its fraction
 *
 * of each epoch, rounded to whole rows. Within a source no row comes again before all have come, across epochs too.
 *
 * Raffel et al. 2020, https://arxiv.org/abs/1910.10683 (temperature)
 *
 * @throws RangeError for weights, fractions or a temperature that make no sense; SftError E_EMPTY for a source without rows.
 *
 * @example
 * ```ts
 * import { batches, mixture, plainExample } from '@llm/sft';
 * const rows = (count: number) => Array.from({ length: count }, (_, i) => [plainExample([1, i])]);
 * const mixed = mixture([{ name: 'chat', rows: rows(9) }, { name: 'replay', rows: rows(100), fraction: 0.1 }], { seed: 0 });
 * const [chat, replay] = mixed.report(3);
 * if (chat!.epochs !== 3 || replay!.drawn !== 3) throw new Error('nine and one an epoch');
 * const { batchesPerEpoch } = batches(mixed.rows, { batch: 5, order: mixed.order });
 * if (batchesPerEpoch !== 2) throw new Error('ten rows an epoch');
 * ```
 */
export function mixture(sources: readonly Source[], { seed, temperature = 1, rowsPerEpoch }: MixtureOptions): Mixture {
  if (!(temperature >= 1)) throw new RangeError(`mixture: expected a temperature from 1 on but found ${temperature}. 1 draws in proportion to size.`);
  for (const { name, rows, weight = 1, fraction } of sources) {
    if (rows.length === 0) throw new SftError('E_EMPTY', `mixture: expected rows in every source but found none in ${name}. Leave it out, or check its file`);
    if (!(weight > 0 && Number.isFinite(weight))) throw new RangeError(`mixture: expected the weight of ${name} to be above 0 but found ${weight}. Leave out what is not to be drawn.`);
    if (fraction !== undefined && !(fraction > 0 && fraction < 1)) throw new RangeError(`mixture: expected the fraction of ${name} between 0 and 1 but found ${fraction}.`);
  }
  const fixed = sources.reduce((sum, { fraction = 0 }) => sum + fraction, 0);
  const free = sources.filter(({ fraction }) => fraction === undefined);
  if (free.length === 0 || fixed >= 1) throw new RangeError(`mixture: expected a source without a fixed fraction, and fractions below 1 in all, but found ${free.length} and ${fixed}.`);
  const sizes = sources.map(({ rows, weight = 1, fraction }) => (fraction === undefined ? weight * rows.length ** (1 / temperature) : 0));
  const freeSize = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sources.map(({ fraction }, i) => fraction ?? ((1 - fixed) * sizes[i]!) / freeSize);
  const perEpoch = rowsPerEpoch ?? Math.round(free.reduce((sum, { rows }) => sum + rows.length, 0) / (1 - fixed));
  if (!Number.isSafeInteger(perEpoch) || perEpoch < 1) throw new RangeError(`mixture: expected rowsPerEpoch to be a whole number from 1 on but found ${perEpoch}.`);
  const counts = apportion(shares, perEpoch);
  const starts = sources.map((_, i) => sources.slice(0, i).reduce((sum, { rows }) => sum + rows.length, 0));
  return {
    rows: sources.flatMap(({ rows }) => rows),
    rowsPerEpoch: perEpoch,
    order(epoch) {
      const drawn = Int32Array.from(sources.flatMap(({ rows }, i) => (
        Array.from(draw(rows.length, { from: epoch * counts[i]!, count: counts[i]!, seed: mix(seed + i) }), (row) => starts[i]! + row)
      )));
      return permutation(drawn.length, { seed: mix(seed ^ 0x2545f491), epoch }).map((place) => drawn[place]!);
    },
    report: (epochs) => sources.map(({ name, rows }, i) => ({
      name, rows: rows.length, tokens: rows.reduce((sum, row) => sum + rowLength(row), 0), targets: rows.reduce((sum, row) => sum + rowTargets(row), 0),
      share: counts[i]! / perEpoch, drawn: counts[i]! * epochs, epochs: (counts[i]! * epochs) / rows.length,
    })),
  };
}

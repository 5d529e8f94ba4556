import { SftError } from '../sft-error.ts';
import { type Row, rowLength, rowTargets } from './row.ts';

export interface CheckRowsOptions {
  /** Rows per batch. */
  readonly batch?: number;
  /** The longest row that the model can take; known from its configuration before it is loaded. */
  readonly context?: number;
  /** What the rows are for, for the message: `training`, `validation`; default `training`. */
  readonly purpose?: string;
}

/**
 * Refuses data that nothing can be learned from, before a model is loaded for it.
 *
 * @throws SftError E_EMPTY for no rows, E_TOO_FEW for fewer than a batch takes, E_CONTEXT for a row that is longer than the context,
 * E_MASK where no row has a target.
 */
export function checkRows(rows: readonly Row[], { batch = 1, context = Infinity, purpose = 'training' }: CheckRowsOptions = {}): void {
  if (rows.length === 0) throw new SftError('E_EMPTY', `checkRows: expected rows for ${purpose} but found none. Check the file, the filters and the split`);
  if (rows.length < batch) {
    throw new SftError('E_TOO_FEW', `checkRows: expected at least ${batch} rows for ${purpose}, one batch, but found ${rows.length}. Use a smaller batch, shorter rows or more data`);
  }
  const long = rows.findIndex((row) => rowLength(row) > context);
  if (long >= 0) {
    throw new SftError('E_CONTEXT', `checkRows: expected rows of at most ${context} tokens, the context of the model, but found ${rowLength(rows[long]!)} in row ${long}. Lower maxLength or the length of packed rows`);
  }
  if (!rows.some((row) => rowTargets(row) > 0)) {
    throw new SftError('E_MASK', `checkRows: expected tokens to learn but found every token of all ${rows.length} rows masked. Look at them with maskView, and check the roles, the chat template and the truncation`);
  }
}

import type { ColumnSource } from 'hyparquet-writer';

/** What a column of `meta` holds: `integer` of 64 bits, `number` of double precision, `json` anything, as its text. */
export type ParquetColumn = 'boolean' | 'integer' | 'number' | 'string' | 'json';

type BasicType = NonNullable<ColumnSource['type']>;
export const BASIC_TYPES: Readonly<Record<ParquetColumn, BasicType>> = { boolean: 'BOOLEAN', integer: 'INT64', number: 'DOUBLE', string: 'STRING', json: 'JSON' };

const isInt64 = (value: unknown): boolean => (typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value));

const FITS: Readonly<Record<ParquetColumn, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  integer: isInt64,
  number: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  json: () => true,
};
const KINDS: readonly ParquetColumn[] = ['boolean', 'integer', 'number', 'string', 'json'];

const isMissing = (value: unknown): boolean => value === undefined || value === null;

/** The narrowest kind of column for these values; a column of nothing is one of text. */
export function kindOfColumn(values: readonly unknown[]): ParquetColumn {
  const present = values.filter((value) => !isMissing(value));
  return present.length === 0 ? 'string' : (KINDS.find((kind) => present.every(FITS[kind])) as ParquetColumn);
}

/** A value as the writer takes it. Throws RangeError where it does not fit the column. */
export function cell(value: unknown, { kind, name, id }: { kind: ParquetColumn; name: string; id: string }): unknown {
  if (isMissing(value)) return null;
  if (!FITS[kind](value)) {
    throw new RangeError(`parquetBytes: expected ${JSON.stringify(name)} in the meta of ${JSON.stringify(id)} to be of the kind ${kind}, as in the rows before, but found ${typeof value === 'object' ? 'an object' : String(value).slice(0, 40)}. Say what the column holds with columns, for example { ${JSON.stringify(name)}: 'json' }.`);
  }
  return kind === 'integer' ? BigInt(value as number | bigint) : value;
}

import { type Example, targetsOf } from '../examples/example.ts';

/** Examples side by side in one row. They do not see each other: positions restart, and attention ends at each boundary. */
export type Row = readonly Example[];

/** Tokens of a row. */
export function rowLength(row: Row): number {
  return row.reduce((sum, { ids }) => sum + ids.length, 0);
}

/** Targets of a row. */
export function rowTargets(row: Row): number {
  return row.reduce((sum, example) => sum + targetsOf(example), 0);
}

import type { DataError } from './data-error.ts';

/** What the readers of records do about a bad one. */
export interface BadRecordOptions {
  /** So many bad records are passed over, reported to `onBad`; the next one throws. Default 0. */
  readonly skipBad?: number;
  readonly onBad?: (error: DataError) => void;
}

/** Takes the error of a bad record: reports it while the budget lasts, throws it when it is used up. */
export function badRecords(caller: string, { skipBad = 0, onBad }: BadRecordOptions): (error: DataError) => void {
  if (!(skipBad >= 0)) throw new RangeError(`${caller}: expected skipBad of at least 0 but found ${skipBad}. Leave it out to stop at the first bad record.`);
  let left = skipBad;
  return (error) => {
    if (left < 1) throw error;
    left--;
    onBad?.(error);
  };
}

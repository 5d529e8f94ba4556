import type { DataReader } from 'hyparquet';

/** Where runs lie in a page, and for how many values they stand. */
export interface Runs {
  readonly start: number;
  readonly end: number;
  /** Bits of one value. */
  readonly width: number;
  readonly values: number;
  /** Levels stand for every value; of indices there are fewer where values are null, so that their bytes may end sooner. */
  readonly isWhole: boolean;
}

const MAX_WIDTH = 32;

/** An unsigned number of Parquet's variable length, of at most 32 bits. */
function unsigned(reader: DataReader, end: number): number {
  let result = 0;
  for (let scale = 1; reader.offset < end && scale < 2 ** 35; scale *= 128) {
    const byte = reader.view.getUint8(reader.offset++);
    result += (byte & 0x7f) * scale;
    if (byte < 0x80) return result;
  }
  throw new RangeError('a run whose length does not end');
}

/**
 * Goes through runs of the hybrid of repeated and packed values without unpacking them. Throws RangeError where one is longer than
 * the page has values or than there are bytes: a decoder that trusts the length fills memory with up to 2³¹ values.
 */
export function checkRuns(view: DataView, { start, end, width, values, isWhole }: Runs): void {
  if (!(start >= 0 && start <= end && end <= view.byteLength)) throw new RangeError(`runs in bytes ${start} to ${end} of ${view.byteLength}`);
  if (width > MAX_WIDTH) throw new RangeError(`values of ${width} bits`);
  const reader = { view, offset: start };
  for (let seen = 0; seen < values; ) {
    if (reader.offset >= end && !isWhole) return;
    const header = unsigned(reader, end);
    const length = Math.floor(header / 2);
    if (header % 2 === 0) {
      if (length > values) throw new RangeError(`a run of ${length} values in a page of ${values}`);
      reader.offset += Math.ceil(width / 8);
      seen += length;
    } else {
      const needed = Math.min(length * 8, values - seen);
      // What takes no bytes is bounded by none.
      if (width === 0 && length > Math.ceil(values / 8)) throw new RangeError(`${length * 8} packed values in a page of ${values}`);
      // Some writers leave out the last bytes of the last group.
      reader.offset += Math.ceil((needed * width) / 8);
      seen += length * 8;
    }
    if (reader.offset <= end) continue;
    if (isWhole) throw new RangeError('a run that is longer than its bytes');
    return;
  }
}

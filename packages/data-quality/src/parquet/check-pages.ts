import type { ColumnMetaData, PageHeader, SchemaTree } from 'hyparquet';
import { checkRuns } from './check-runs.ts';

/** Checks of pages after they are unpacked, by where their packed bytes begin in the chunk. */
export type PageChecks = ReadonlyMap<number, (page: Uint8Array) => void>;

export interface CheckPagesOptions {
  readonly column: ColumnMetaData;
  /** The column and what it lies in, from the root. */
  readonly path: SchemaTree[];
  /** Rows of the group. */
  readonly rows: number;
  /** Throws for too many values of a column of lists, of which a row may have any number. */
  readonly countNested: (values: number) => void;
}

const bitsOf = (level: number): number => 32 - Math.clz32(level);
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Indices into a dictionary, or booleans, which are runs as levels are. */
function checkValues(view: DataView, { at, encoding, isBoolean, values }: { at: number; encoding: string; isBoolean: boolean; values: number }): void {
  const runs = { end: view.byteLength, values, isWhole: false };
  if (values === 0) return;
  if (encoding === 'RLE' && isBoolean) checkRuns(view, { ...runs, start: at + 4, width: 1 });
  else if (encoding === 'RLE' || encoding.endsWith('_DICTIONARY')) checkRuns(view, { ...runs, start: at + 1, width: view.getUint8(at) });
}

/**
 * Goes through the pages of a column chunk before they are unpacked and checks what a decoder would trust: sizes, numbers of values,
 * lengths of runs. Throws RangeError for what cannot be; the checks that need an unpacked page are returned.
 */
export async function checkPages(chunk: ArrayBuffer, { column, path, rows, countNested }: CheckPagesOptions): Promise<PageChecks> {
  const [{ parquetHeader }, { getMaxDefinitionLevel, getMaxRepetitionLevel, isFlatColumn }] = await Promise.all([import('hyparquet/src/column.js'), import('hyparquet/src/schema.js')]);
  const checks = new Map<number, (page: Uint8Array) => void>();
  const isFlat = isFlatColumn(path);
  const widths = [bitsOf(getMaxRepetitionLevel(path)), bitsOf(getMaxDefinitionLevel(path))] as const;
  const isBoolean = column.type === 'BOOLEAN';
  const reader = { view: new DataView(chunk), offset: 0 };
  let values = 0;

  const count = (found: number): void => {
    if (!(found >= 0 && (!isFlat || found <= rows))) throw new RangeError(`a page of ${found} values in a group of ${rows} rows`);
    values += found;
    if (!isFlat) countNested(values);
  };
  /** A check that takes place at once where the page is not packed. */
  const later = ({ at, end, isPacked }: { at: number; end: number; isPacked: boolean }, check: (page: Uint8Array) => void): void => {
    if (isPacked) checks.set(at, check);
    else check(new Uint8Array(chunk, at, end - at));
  };

  const first = ({ data_page_header: page }: PageHeader, { at, end }: { at: number; end: number }): void => {
    if (!page) throw new RangeError('a page without its header');
    count(page.num_values);
    later({ at, end, isPacked: column.codec !== 'UNCOMPRESSED' }, (bytes) => {
      const view = viewOf(bytes);
      let next = 0;
      for (const width of widths) {
        if (width === 0) continue;
        const start = next + 4;
        next = start + view.getUint32(next, true);
        checkRuns(view, { start, end: next, width, values: page.num_values, isWhole: true });
      }
      checkValues(view, { at: next, encoding: page.encoding, isBoolean, values: page.num_values });
    });
  };
  const second = ({ data_page_header_v2: page }: PageHeader, { at, end }: { at: number; end: number }): void => {
    if (!page) throw new RangeError('a page without its header');
    const { num_values: found, num_nulls: nulls, encoding, repetition_levels_byte_length: repetitions, definition_levels_byte_length: definitions } = page;
    count(found);
    if (!(nulls >= 0 && nulls <= found)) throw new RangeError(`${nulls} nulls in a page of ${found} values`);
    let next = 0;
    const view = viewOf(new Uint8Array(chunk, at, end - at));
    // The decoder goes over repetition levels in any case, over definition levels where there are any.
    for (const [width, length] of [[widths[0], repetitions], [widths[1], widths[1] > 0 ? definitions : 0]] as const) {
      if (width > 0) checkRuns(view, { start: next, end: next + length, width, values: found, isWhole: true });
      next += length;
    }
    if (!(next >= 0 && at + next <= end)) throw new RangeError(`levels of ${next} bytes in a page of ${end - at}`);
    later({ at: at + next, end, isPacked: column.codec !== 'UNCOMPRESSED' && page.is_compressed !== false }, (bytes) => checkValues(viewOf(bytes), { at: 0, encoding, isBoolean, values: found - nulls }));
  };

  // As the decoder does, which looks at no more pages of a flat column than there are rows.
  const isRead = (): boolean => reader.offset >= chunk.byteLength - 1 || (isFlat && values >= rows);
  while (!isRead()) {
    const header = parquetHeader(reader);
    const at = reader.offset;
    const end = at + header.compressed_page_size;
    if (!(end >= at && end <= chunk.byteLength)) throw new RangeError(`a page of ${header.compressed_page_size} bytes in a chunk of ${chunk.byteLength}`);
    reader.offset = end;
    if (header.type === 'DATA_PAGE') first(header, { at, end });
    else if (header.type === 'DATA_PAGE_V2') second(header, { at, end });
  }
  if (isFlat && values < rows) throw new RangeError(`${values} values of ${rows} rows`);
  return checks;
}

import { badRecords, type BadRecordOptions } from '../bad-records.ts';
import { DataError } from '../data-error.ts';
import { DEFAULT_MAX_LINE_BYTES } from '../read-lines.ts';
import type { Document } from '../types.ts';
import { toByteSource, type ByteSource } from './byte-source.ts';
import { openParquet, parquetFault, type OpenParquet } from './open-parquet.ts';
import { decodeText, plainValue, textBytes } from './parquet-values.ts';
import { CELL_BYTES, readColumns } from './read-columns.ts';

export interface ReadParquetOptions extends BadRecordOptions {
  /** The column that holds the text. Default `text`. */
  readonly textField?: string;
  /** The column that holds the id, strings or numbers. Default `id`, and where a row has none, `<source>:<row>`, counted from 1. */
  readonly idField?: string;
  /** The columns to put in `meta`; nothing else is read of the file. Default all others. */
  readonly columns?: readonly string[];
  /** Longest text, in UTF-8. Default 16 MiB. */
  readonly maxDocumentBytes?: number;
  /** Most bytes of the columns read of one row group, uncompressed: they are in memory at once. Default 1 GiB. */
  readonly maxRowGroupBytes?: number;
  /** File name, for ids, for `source` and for messages. */
  readonly source?: string;
  /** Yield nothing, instead of throwing E_EMPTY, where there is no row. */
  readonly allowEmpty?: boolean;
  readonly signal?: AbortSignal;
}

interface Group {
  readonly index: number;
  readonly firstRow: number;
  readonly columns: readonly string[];
  readonly maxBytes: number;
  readonly file: string | undefined;
}

function tooLarge(found: string, { index, maxBytes, file }: Group): DataError {
  return new DataError('E_PARQUET_TOO_LARGE', { problem: `readParquet: expected row groups of at most ${maxBytes} bytes but found ${found} in the ${index + 1}th`, remedy: 'Write the file with smaller row groups, read fewer columns, or raise maxRowGroupBytes.', file });
}

/** The rows of one row group, as arrays in the order of `columns`. */
async function readGroup(source: ByteSource, { metadata, rows }: OpenParquet, group: Group): Promise<unknown[][]> {
  const { index, firstRow, columns, maxBytes, file } = group;
  const count = rows[index] as number;
  const declared = metadata.row_groups[index]?.columns.reduce((sum, { meta_data: column }) => (column && columns.includes(column.path_in_schema[0] ?? '') ? sum + Number(column.total_uncompressed_size) : sum), 0) ?? 0;
  if (!(Math.max(declared, count * columns.length * CELL_BYTES) <= maxBytes)) throw tooLarge(`${declared} bytes and ${count} rows`, group);
  if (count === 0) return [];
  let fault: unknown;
  const noted: ByteSource = {
    byteLength: source.byteLength,
    slice: (start, end) => {
      const bytes = Promise.resolve().then(() => source.slice(start, end));
      // Several ranges are asked for at once: each may fail, and one failure alone is waited for.
      bytes.catch((error: unknown) => { fault ??= error; });
      return bytes;
    },
  };
  try {
    return await readColumns(noted, metadata, { firstRow, rows: count, columns, maxBytes, tooLarge: (found) => tooLarge(found, group) });
  } catch (cause) {
    if (fault !== undefined) throw fault;
    if (cause instanceof DataError) throw cause;
    throw parquetFault(`damage in row group ${index + 1}`, 'Fetch or write the file again.', { file, cause });
  }
}

/**
 * Documents of a Parquet file: one row each, the text in the column `textField`, the other columns in `meta` as plain JSON data
 * (64-bit integers beyond 2⁵³ as decimal strings, dates as ISO strings, bytes as base64). Snappy, gzip, brotli, zstd and LZ4.
 *
 * `source` is read in ranges, the columns asked for alone; memory is one row group, of at most `maxRowGroupBytes`. Throws DataError
 * with the file and, as its line, the row from 1: E_PARQUET for a row without text, E_ENCODING, E_LINE_TOO_LONG for a text over
 * `maxDocumentBytes`, which count against `skipBad`; always E_PARQUET for what is no Parquet, is damaged or lacks a column,
 * E_PARQUET_TOO_LARGE, E_EMPTY, and what the source throws.
 *
 * @example
 * ```ts
 * import { parquetBytes, readParquet } from '@llm/data-quality';
 * const parts: Uint8Array<ArrayBuffer>[] = [];
 * for await (const part of parquetBytes([{ id: 'a', text: 'hello', meta: { lang: 'en' } }])) parts.push(part);
 * for await (const { id, text, meta } of readParquet(new Blob(parts))) console.assert(id === 'a' && text === 'hello' && meta?.lang === 'en');
 * ```
 */
export async function* readParquet(source: ByteSource | Blob | Uint8Array, options: ReadParquetOptions = {}): AsyncGenerator<Document> {
  const { textField = 'text', idField = 'id', columns: asked, maxDocumentBytes = DEFAULT_MAX_LINE_BYTES, maxRowGroupBytes = 1024 ** 3, source: file, allowEmpty = false, signal } = options;
  const passOver = badRecords('readParquet', options);
  const bytes = toByteSource(source);
  signal?.throwIfAborted();
  const opened = await openParquet(bytes, file);
  for (const name of [textField, ...(asked ?? [])]) {
    if (opened.columns.includes(name)) continue;
    throw new DataError('E_PARQUET', { problem: `readParquet: expected a column "${name}" but found ${opened.columns.slice(0, 8).join(', ')}${opened.columns.length > 8 ? ', …' : ''}`, remedy: 'Name the column that holds the text with textField, and those to keep with columns.', file });
  }
  const metaColumns = [...new Set(asked ?? opened.columns)].filter((name) => name !== textField && name !== idField);
  const hasId = opened.columns.includes(idField) && idField !== textField;
  const columns = [textField, ...(hasId ? [idField] : []), ...metaColumns];

  const toDocument = (row: readonly unknown[], line: number): Document | DataError => {
    const text = textBytes(row[0]);
    if (!text) return new DataError('E_PARQUET', { problem: `readParquet: expected text in the column "${textField}" but found ${row[0] === undefined || row[0] === null ? 'null' : 'another type'}`, remedy: 'Name the column that holds the text with textField, or set skipBad to pass over such rows.', file, line });
    if (text.length > maxDocumentBytes) return new DataError('E_LINE_TOO_LONG', { problem: `readParquet: expected texts of at most ${maxDocumentBytes} bytes but found ${text.length}`, remedy: 'Split the text, or raise maxDocumentBytes.', file, line });
    try {
      const named = hasId ? textBytes(row[1]) : undefined;
      const own = named ? decodeText(named) : hasId ? plainValue(row[1]) : null;
      const meta = metaColumns.map((name, i) => [name, plainValue(row[i + (hasId ? 2 : 1)])] as const);
      const id = typeof own === 'number' || (typeof own === 'string' && own !== '') ? String(own) : `${file ?? 'parquet'}:${line}`;
      return { id, text: decodeText(text), ...(file === undefined ? {} : { source: file }), ...(meta.length > 0 ? { meta: Object.fromEntries(meta) } : {}) };
    } catch (cause) {
      return cause instanceof SyntaxError
        ? new DataError('E_PARQUET', { problem: 'readParquet: expected JSON in a column of that type but found something else', remedy: 'Leave that column out with columns, or set skipBad to pass over such rows.', file, line, cause })
        : new DataError('E_ENCODING', { problem: 'readParquet: expected UTF-8 but found bytes that are not', remedy: 'Leave that column out with columns, or set skipBad to pass over such rows.', file, line, cause });
    }
  };

  let firstRow = 0;
  for (const [index, count] of opened.rows.entries()) {
    signal?.throwIfAborted();
    const rows = await readGroup(bytes, opened, { index, firstRow, columns, maxBytes: maxRowGroupBytes, file });
    for (let i = 0; i < count; i++) {
      const result = toDocument(rows[i] as unknown[], firstRow + i + 1);
      if (result instanceof DataError) passOver(result);
      else yield result;
    }
    // The next group is read while nothing holds this one.
    rows.length = 0;
    firstRow += count;
  }
  if (firstRow === 0 && !allowEmpty) throw new DataError('E_EMPTY', { problem: 'readParquet: expected at least one row but found none', remedy: 'Check that the file was written completely.', file });
}

import { badRecords, type BadRecordOptions } from './bad-records.ts';
import { csvRecords, type CsvRecord } from './csv-records.ts';
import { DataError } from './data-error.ts';
import { DEFAULT_MAX_LINE_BYTES } from './read-lines.ts';
import type { Document } from './types.ts';

export interface ReadCsvOptions extends BadRecordOptions {
  /** One character. Default a comma; a tab for TSV. */
  readonly delimiter?: string;
  /** Names of the columns where the first record is none of names. */
  readonly columns?: readonly string[];
  /** The column that holds the text. Default `text`. */
  readonly textField?: string;
  /** The column that holds the id. Default `id`, and where it is missing or empty, `<source>:<line>`. */
  readonly idField?: string;
  /** Default 16 MiB. */
  readonly maxRecordBytes?: number;
  /** File name, for ids, for `source` and for messages. */
  readonly source?: string;
  /** Yield nothing, instead of throwing E_EMPTY, where there is no record. */
  readonly allowEmpty?: boolean;
}

/**
 * Documents of a CSV stream (RFC 4180): one record each, the text in the column `textField`, the other columns in `meta` as
 * strings. Fields in double quotes may hold delimiters, line breaks (CRLF becomes LF) and doubled quotes; blank lines between
 * records are passed over.
 *
 * Throws DataError with file and line, that on which the record starts: E_CSV for a quote inside a bare field, for text after a
 * closing quote, for a quote that is never closed, and for a record that has not as many fields as there are columns;
 * E_LINE_TOO_LONG, E_ENCODING. All of these count against `skipBad`. Always thrown: E_CSV where the names of the columns
 * lack `textField` or repeat one, E_EMPTY, and UTF-16 or compressed data. Memory is one chunk plus one record.
 *
 * @example
 * ```ts
 * import { readCsv } from '@llm/data-quality';
 * const stream = new Blob(['id,text\r\n7,"two\r\nlines, ""quoted"""\r\n']).stream();
 * for await (const { id, text } of readCsv(stream)) console.assert(id === '7' && text === 'two\nlines, "quoted"');
 * ```
 */
export async function* readCsv(stream: AsyncIterable<Uint8Array>, options: ReadCsvOptions = {}): AsyncGenerator<Document> {
  const { delimiter = ',', columns, textField = 'text', idField = 'id', maxRecordBytes = DEFAULT_MAX_LINE_BYTES, source, allowEmpty = false } = options;
  const passOver = badRecords('readCsv', options);
  if (delimiter.length !== 1 || delimiter === '"' || delimiter === '\n' || delimiter === '\r') throw new RangeError(`readCsv: expected a delimiter of one character but found ${JSON.stringify(delimiter)}. Use a comma, a semicolon or a tab.`);
  const error = (found: string, remedy: string, { line, expected }: { line: number; expected: string }): DataError =>
    new DataError('E_CSV', { problem: `readCsv: expected ${expected} but found ${found}`, remedy, file: source, line });

  const layoutOf = (names: readonly string[], line: number): { names: readonly string[]; text: number; id: number } => {
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(name)) throw error(`${JSON.stringify(name)} twice`, 'Rename one of the columns.', { line, expected: 'different names of columns' });
      seen.add(name);
    }
    const text = names.indexOf(textField);
    if (text < 0) throw error(names.slice(0, 8).join(', '), 'Name the column that holds the text with textField, or the delimiter, or the columns where the file has no names.', { line, expected: `a column "${textField}"` });
    return { names, text, id: names.indexOf(idField) };
  };

  let layout = columns ? layoutOf(columns, 1) : undefined;
  let records = 0;

  const toDocument = ({ line, fields }: CsvRecord, { names, text, id }: NonNullable<typeof layout>): Document | DataError => {
    if (fields.length !== names.length) return error(String(fields.length), 'Quote fields that hold the delimiter, or set skipBad to pass over such records.', { line, expected: `${names.length} fields` });
    const meta = names.flatMap((name, i) => (i === text || i === id ? [] : [[name, fields[i]] as const]));
    const own = id < 0 ? '' : (fields[id] as string);
    return { id: own === '' ? `${source ?? 'csv'}:${line}` : own, text: fields[text] as string, ...(source === undefined ? {} : { source }), ...(meta.length > 0 ? { meta: Object.fromEntries(meta) } : {}) };
  };

  for await (const record of csvRecords(stream, { delimiter, maxRecordBytes, source })) {
    if (!layout && !(record instanceof DataError)) {
      layout = layoutOf(record.fields, record.line);
      continue;
    }
    // Without names of columns nothing can be read.
    if (!layout) throw record;
    records++;
    const result = record instanceof DataError ? record : toDocument(record, layout);
    if (result instanceof DataError) passOver(result);
    else yield result;
  }
  if (records === 0 && !allowEmpty) throw new DataError('E_EMPTY', { problem: 'readCsv: expected at least one record but found none', remedy: 'Check that the file was written completely.', file: source });
}

import type { ColumnSource, SchemaElement } from 'hyparquet-writer';
import { gzip } from 'pako';
import { utf8Bytes } from '../text-length.ts';
import type { Document } from '../types.ts';
import { BASIC_TYPES, cell, kindOfColumn, type ParquetColumn } from './parquet-columns.ts';

export interface ParquetBytesOptions {
  /** Default `text`. */
  readonly textField?: string;
  /** Default `id`. */
  readonly idField?: string;
  /** Put `meta` whole under this name, as JSON, instead of its fields in columns of their own. */
  readonly metaField?: string;
  /** The fields of `meta` to write and what they hold. Default: those of the first row group, and what they hold there. */
  readonly columns?: Readonly<Record<string, ParquetColumn>>;
  /** Default `snappy`. */
  readonly codec?: 'snappy' | 'gzip' | 'none';
  /** A row group is written when its texts have as many bytes in UTF-8, or it has 100 000 rows. Default 16 MiB. */
  readonly rowGroupBytes?: number;
}

const MAX_ROWS = 100_000;
const CODECS = { snappy: 'SNAPPY', gzip: 'GZIP', none: 'UNCOMPRESSED' } as const;
const CREATED_BY = '@llm/data-quality';

/** The kinds of the columns of `meta`, from the first rows where they were not given. */
function kindsOf(documents: readonly Document[], { textField = 'text', idField = 'id', metaField, columns }: ParquetBytesOptions): Map<string, ParquetColumn> {
  const names = metaField !== undefined ? [metaField] : columns ? Object.keys(columns) : [...new Set(documents.flatMap(({ meta }) => Object.keys(meta ?? {})))];
  const taken = names.find((name) => name === textField || name === idField);
  if (taken !== undefined || textField === idField) throw new RangeError(`parquetBytes: expected different names for the text, the id and the fields of meta but found ${JSON.stringify(taken ?? textField)} twice. Set metaField to keep meta apart, or name another field for the text or the id.`);
  return new Map(names.map((name) => [name, metaField !== undefined ? 'json' : (columns?.[name] ?? kindOfColumn(documents.map(({ meta }) => meta?.[name])))]));
}

/** The columns of one row group. */
function columnData(documents: readonly Document[], kinds: ReadonlyMap<string, ParquetColumn>, { textField = 'text', idField = 'id', metaField, columns }: ParquetBytesOptions): ColumnSource[] {
  // Fields that columns leaves out are not written; without it one that the first rows did not have would be lost silently.
  if (metaField === undefined && !columns) {
    for (const { id, meta } of documents) {
      const found = Object.keys(meta ?? {}).find((name) => !kinds.has(name));
      if (found !== undefined) throw new RangeError(`parquetBytes: expected the fields of the first row group in the meta of ${JSON.stringify(id)} but found ${JSON.stringify(found)} as well. Name all fields with columns, or set metaField to write meta as JSON.`);
    }
  }
  const text = (name: string, values: string[]): ColumnSource => ({ name, data: values, type: 'STRING', nullable: false, encoding: 'PLAIN', statistics: false });
  return [
    text(idField, documents.map(({ id }) => id)),
    text(textField, documents.map((document) => document.text)),
    ...[...kinds].map(([name, kind]): ColumnSource => ({ name, type: BASIC_TYPES[kind], nullable: true, data: documents.map(({ id, meta }) => cell(metaField === undefined ? meta?.[name] : meta, { kind, name, id })) })),
  ];
}

/**
 * The bytes of a Parquet file that `readParquet` and pyarrow read back: a column for the id, one for the text, and one for each
 * field of `meta`, null where a document has none. Lone surrogates become U+FFFD, as Parquet holds UTF-8; `source` is not
 * written. Memory is one row group.
 *
 * What the columns hold is taken from the documents of the first row group unless `columns` says it; booleans, integers, numbers
 * and strings are columns of their type, everything else JSON. Throws RangeError for a later document that does not fit.
 *
 * @example
 * ```ts
 * import { parquetBytes, readParquet } from '@llm/data-quality';
 * const parts: Uint8Array<ArrayBuffer>[] = [];
 * for await (const part of parquetBytes([{ id: 'a', text: 'hello', meta: { stars: 3 } }], { codec: 'gzip' })) parts.push(part);
 * for await (const { meta } of readParquet(new Blob(parts))) console.assert(meta?.stars === 3);
 * ```
 */
export async function* parquetBytes(documents: AsyncIterable<Document> | Iterable<Document>, options: ParquetBytesOptions = {}): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { codec = 'snappy', rowGroupBytes = 16 * 1024 ** 2 } = options;
  if (!Object.hasOwn(CODECS, codec)) throw new RangeError(`parquetBytes: expected the codec snappy, gzip or none but found ${String(codec)}. Leave it out for snappy.`);
  if (!(rowGroupBytes >= 1)) throw new RangeError(`parquetBytes: expected rowGroupBytes of at least 1 but found ${rowGroupBytes}. Leave it out for the default.`);
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  let writer: InstanceType<typeof ParquetWriter> | undefined;
  let kinds: Map<string, ParquetColumn> | undefined;
  let rows: Document[] = [];
  let size = 0;

  const writeGroup = (): void => {
    kinds ??= kindsOf(rows, options);
    const data = columnData(rows, kinds, options);
    writer ??= new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: data }) as SchemaElement[], codec: CODECS[codec], compressors: { GZIP: (input) => gzip(input) }, createdBy: CREATED_BY });
    void writer.write({ columnData: data, rowGroupSize: Math.max(rows.length, 1) });
    rows = [];
    size = 0;
  };
  /** What was written since the last time. */
  const take = (): Uint8Array<ArrayBuffer> => {
    const taken = bytes.getBytes().slice();
    bytes.index = 0;
    return taken;
  };

  for await (const document of documents) {
    rows.push(document);
    size += utf8Bytes(document.text);
    if (size < rowGroupBytes && rows.length < MAX_ROWS) continue;
    writeGroup();
    yield take();
  }
  // A file of no documents has its columns none the less.
  if (rows.length > 0 || !writer) writeGroup();
  void writer?.finish();
  yield take();
}

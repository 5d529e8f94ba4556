import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import type { ByteSource } from './byte-source.ts';
import { checkPages, type PageChecks } from './check-pages.ts';
import { pageUnpackers } from './page-unpackers.ts';
import { lateParsers } from './parquet-values.ts';

/** What a value takes in memory at least. */
export const CELL_BYTES = 8;

export interface ReadColumnsOptions {
  readonly firstRow: number;
  /** Those of the row group. */
  readonly rows: number;
  readonly columns: readonly string[];
  /** Of unpacked pages. */
  readonly maxBytes: number;
  readonly tooLarge: (found: string) => Error;
}

/**
 * The rows of one row group, as arrays in the order of `columns`. It does what hyparquet's `parquetRead` does, with a look at each
 * column chunk in between: the decoder believes whatever lengths it finds, and a single changed bit may keep it busy for ever.
 */
export async function readColumns(source: ByteSource, metadata: FileMetaData, { firstRow, rows, columns, maxBytes, tooLarge }: ReadColumnsOptions): Promise<unknown[][]> {
  const [{ parquetSchema }, { parquetPlan, prefetchAsyncBuffer }, { assembleAsync, asyncGroupToRows, readRowGroup }, { getTreePath }] = await Promise.all([
    import('hyparquet'), import('hyparquet/src/plan.js'), import('hyparquet/src/rowgroup.js'), import('hyparquet/src/schema.js'),
  ]);
  const checks = new WeakMap<ArrayBufferLike, PageChecks>();
  // What pages say of themselves is held to the same bound as what the footer says.
  const compressors = await pageUnpackers(maxBytes, {
    tooLarge: (bytes) => tooLarge(`${bytes} bytes`),
    check: (packed, page) => checks.get(packed.buffer)?.get(packed.byteOffset)?.(page),
  });
  const options = { metadata, columns: [...columns], rowStart: firstRow, rowEnd: firstRow + rows, compressors, parsers: lateParsers, utf8: false };
  const plan = parquetPlan({ ...options, file: source });
  const [group] = plan.groups;
  if (!group || plan.groups.length > 1) throw new RangeError(`${plan.groups.length} row groups in place of one`);
  const schema = parquetSchema(metadata);
  const chunks = new Map(group.chunks.map(({ range, columnMetadata: column }) => [`${range.startByte}-${range.endByte}`, { column, path: getTreePath(schema, column.path_in_schema) }]));
  if (chunks.size < group.chunks.length) throw new RangeError('two columns in the same bytes');
  const fetched = prefetchAsyncBuffer(source, plan);
  const file: AsyncBuffer = {
    byteLength: source.byteLength,
    slice: async (start, end) => {
      const bytes = await fetched.slice(start, end);
      const chunk = chunks.get(`${start}-${end}`);
      if (!chunk) throw new RangeError(`bytes ${start} to ${end}, which are no column`);
      checks.set(bytes, await checkPages(bytes, { ...chunk, rows, countNested: (values) => { if (values * CELL_BYTES > maxBytes) throw tooLarge(`${values} values`); } }));
      return bytes;
    },
  };
  const assembled = assembleAsync(readRowGroup({ ...options, file }, plan, group), schema, lateParsers);
  // All of them: the others go on after one has failed, and nobody would wait for what they throw.
  const results = await Promise.allSettled(assembled.asyncColumns.map(({ data }) => data));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return asyncGroupToRows(assembled, 0, rows, options.columns, 'array');
}

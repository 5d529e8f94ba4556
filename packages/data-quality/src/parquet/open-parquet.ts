import type { FileMetaData } from 'hyparquet';
import { DataError } from '../data-error.ts';
import type { ByteSource } from './byte-source.ts';

/** Read at once from the end of the file: nearly every footer fits. */
const TAIL_BYTES = 64 * 1024;
const MAX_FOOTER_BYTES = 256 * 1024 ** 2;
const MAGIC = 'PAR1';
const LENGTH_AND_MAGIC = 8;

export interface OpenParquet {
  readonly metadata: FileMetaData;
  /** Names of the columns at the top level. */
  readonly columns: readonly string[];
  /** Rows of each row group. */
  readonly rows: readonly number[];
}

/** What is wrong with a file that should be Parquet. */
export function parquetFault(found: string, remedy: string, { file, line, cause }: { file: string | undefined; line?: number; cause?: unknown }): DataError {
  return new DataError('E_PARQUET', { problem: `readParquet: expected a complete Parquet file but found ${found}`, remedy, file, line, cause });
}

/** The footer of a Parquet file, checked as far as it can be without reading the data. */
export async function openParquet(source: ByteSource, file: string | undefined): Promise<OpenParquet> {
  const size = source.byteLength;
  const again = 'Fetch or write the file again.';
  if (!(size >= LENGTH_AND_MAGIC + MAGIC.length)) throw parquetFault(`${size} bytes`, again, { file });
  let tail = new Uint8Array(await source.slice(Math.max(0, size - TAIL_BYTES), size));
  if (tail.length !== Math.min(size, TAIL_BYTES)) throw parquetFault('a file that became shorter', again, { file });
  const magic = String.fromCharCode(...tail.subarray(-MAGIC.length));
  if (magic === 'PARE') throw parquetFault('an encrypted one', 'Decrypt it first.', { file });
  if (magic !== MAGIC) throw parquetFault('another ending', 'Check that the file is Parquet and was fetched completely.', { file });
  const footer = new DataView(tail.buffer, tail.byteOffset).getUint32(tail.length - LENGTH_AND_MAGIC, true) + LENGTH_AND_MAGIC;
  if (footer > Math.min(size, MAX_FOOTER_BYTES)) throw parquetFault(`a footer of ${footer} bytes`, again, { file });
  if (footer > tail.length) tail = new Uint8Array(await source.slice(size - footer, size));
  const { parquetMetadata, parquetSchema } = await import('hyparquet');
  try {
    const metadata = parquetMetadata(tail.slice().buffer);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    const rows = metadata.row_groups.map(({ num_rows: count }) => {
      if (!(count >= 0n && count <= BigInt(Number.MAX_SAFE_INTEGER))) throw new RangeError(`a row group of ${count} rows`);
      return Number(count);
    });
    return { metadata, columns, rows };
  } catch (cause) {
    throw parquetFault('a footer that cannot be read', again, { file, cause });
  }
}

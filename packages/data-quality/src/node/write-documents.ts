import { parquetBytes, type ParquetBytesOptions } from '../parquet/parquet-bytes.ts';
import type { Document } from '../types.ts';
import { jsonlBytes, type JsonlBytesOptions } from '../write-jsonl.ts';
import { writeWholeFile } from './whole-file.ts';

/** `columns`, `codec` and `rowGroupBytes` are for Parquet alone. */
export interface WriteDocumentsOptions extends Omit<JsonlBytesOptions, 'gzip'>, Pick<ParquetBytesOptions, 'columns' | 'codec' | 'rowGroupBytes'> {
  readonly signal?: AbortSignal;
}

export interface Written {
  readonly documents: number;
  /** As they lie on the disk. */
  readonly bytes: number;
}

/**
 * Writes documents as JSON Lines, with gzip where the name ends in `.gz`, or as Parquet. The file is written beside its place,
 * brought to the disk and moved there when it is whole, so that a run that is killed leaves the old file or none; folders are
 * made. Memory is one document, or one row group of Parquet.
 *
 * Throws what `jsonlBytes` or `parquetBytes` throws, RangeError for a name that ends neither in .jsonl, .ndjson nor .parquet, and
 * the errors of the disk.
 *
 * @example
 * ```ts no-run
 * import { readDocuments, writeDocuments } from '@llm/data-quality/node';
 * const { documents, bytes } = await writeDocuments('kept.parquet', readDocuments(['docs']));
 * console.log(documents, bytes);
 * ```
 */
export async function writeDocuments(file: string, documents: AsyncIterable<Document> | Iterable<Document>, { signal, ...options }: WriteDocumentsOptions = {}): Promise<Written> {
  const ending = /\.(?:(?:jsonl|ndjson)(?:\.gz)?|parquet)$/i.exec(file)?.[0].toLowerCase();
  if (ending === undefined) throw new RangeError(`writeDocuments: expected a name that ends in .jsonl, .ndjson, one of these with .gz, or .parquet but found ${file}. Name the file so.`);
  let count = 0;
  const counted = async function* (): AsyncGenerator<Document> {
    for await (const document of documents) {
      signal?.throwIfAborted();
      count++;
      yield document;
    }
  };
  const bytes = await writeWholeFile(file, async (handle) => {
    let size = 0;
    for await (const chunk of ending === '.parquet' ? parquetBytes(counted(), options) : jsonlBytes(counted(), { ...options, gzip: ending.endsWith('.gz') })) {
      await handle.writeFile(chunk);
      size += chunk.length;
    }
    return size;
  });
  return { documents: count, bytes };
}

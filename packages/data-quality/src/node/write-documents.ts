import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Document } from '../types.ts';
import { jsonlBytes, type JsonlBytesOptions } from '../write-jsonl.ts';

export interface WriteDocumentsOptions extends Omit<JsonlBytesOptions, 'gzip'> {
  readonly signal?: AbortSignal;
}

export interface Written {
  readonly documents: number;
  /** As they lie on the disk. */
  readonly bytes: number;
}

/**
 * Writes documents as JSON Lines, with gzip where the name ends in `.gz`. The file is written beside its place, brought to the
 * disk and moved there when it is whole, so that a run that is killed leaves the old file or none; folders are made.
 *
 * Throws what `jsonlBytes` throws, RangeError for a name that ends neither in .jsonl nor .ndjson, and the errors of the disk.
 *
 * @example
 * ```ts no-run
 * import { readDocuments, writeDocuments } from '@llm/data-quality/node';
 * const { documents, bytes } = await writeDocuments('kept.jsonl.gz', readDocuments(['docs']));
 * console.log(documents, bytes);
 * ```
 */
export async function writeDocuments(file: string, documents: AsyncIterable<Document> | Iterable<Document>, { signal, ...options }: WriteDocumentsOptions = {}): Promise<Written> {
  if (!/\.(?:jsonl|ndjson)(?:\.gz)?$/i.test(file)) throw new RangeError(`writeDocuments: expected a name that ends in .jsonl, .ndjson or one of these with .gz but found ${file}. Name the file so.`);
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.tmp`;
  let count = 0;
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Document> {
    for await (const document of documents) {
      signal?.throwIfAborted();
      count++;
      yield document;
    }
  };
  const handle = await open(unfinished, 'wx');
  try {
    for await (const chunk of jsonlBytes(counted(), { ...options, gzip: /\.gz$/i.test(file) })) {
      await handle.writeFile(chunk);
      bytes += chunk.length;
    }
    await handle.sync();
    await handle.close();
    await rename(unfinished, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
  return { documents: count, bytes };
}

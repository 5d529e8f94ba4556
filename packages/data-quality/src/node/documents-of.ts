import { basename } from 'node:path';
import type { BadRecordOptions } from '../bad-records.ts';
import { gunzip } from '../gunzip.ts';
import type { ByteSource } from '../parquet/byte-source.ts';
import { readParquet } from '../parquet/read-parquet.ts';
import { readCsv } from '../read-csv.ts';
import { readJson } from '../read-json.ts';
import { readJsonl } from '../read-jsonl.ts';
import { readMarkdown, readText } from '../read-text.ts';
import type { Document } from '../types.ts';
import { unzstd } from './unzstd.ts';

const MARKDOWN = ['.md', '.markdown', '.mdx'];
const JSON_LINES = ['.jsonl', '.ndjson'];
const JSON_ARRAY = '.json';
const PARQUET = '.parquet';
const TABLES: Readonly<Record<string, string>> = { '.csv': ',', '.tsv': '\t' };
/** Formats with a structure that reading them as text would only turn into noise. */
const REFUSED = ['.xz', '.bz2', '.zip', '.tar', '.tgz', '.arrow', '.pdf', '.docx', '.epub', '.html', '.htm', '.bin', '.pt', '.pkl', '.safetensors', '.gguf', '.png', '.jpg'];
const COMPRESSIONS = ['.gz', '.zst'] as const;

/** Formats of records, as data sets come in. */
export const RECORD_EXTENSIONS: readonly string[] = [PARQUET, ...JSON_LINES, JSON_ARRAY, ...Object.keys(TABLES)];

export interface Ending {
  /** Of the name without its compression. */
  readonly extension: string;
  readonly compression: (typeof COMPRESSIONS)[number] | undefined;
}

/** The endings of a name, in lower case. */
export function endingOf(path: string): Ending {
  const name = basename(path).toLowerCase();
  const compression = COMPRESSIONS.find((ending) => name.endsWith(ending));
  const inner = compression ? name.slice(0, -compression.length) : name;
  const dot = inner.lastIndexOf('.');
  return { extension: dot > 0 ? inner.slice(dot) : '', compression };
}

/** What cannot be read as documents, and what to do about it; undefined for the rest. */
export function refusedEnding({ extension, compression }: Ending): { found: string; remedy: string } | undefined {
  if (REFUSED.includes(extension)) return { found: extension, remedy: 'Convert it to .jsonl, one object with a "text" field per line.' };
  return extension === PARQUET && compression ? { found: `${extension}${compression}`, remedy: 'Decompress it first: Parquet is compressed inside.' } : undefined;
}

/** Where the bytes of a file come from; one of the two is asked for, once. */
export interface OpenData {
  stream(): AsyncIterable<Uint8Array>;
  ranges(): Promise<ByteSource>;
}

export interface DocumentsOfOptions extends BadRecordOptions {
  readonly source: string;
  readonly textField: string;
  readonly maxDocumentBytes: number;
  readonly maxUnzippedBytes: number;
  /** Columns of Parquet to put in `meta`; all where undefined. */
  readonly columns: readonly string[] | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The documents of a file, read as the ending of its name says; an empty one has none. */
export async function* documentsOf(name: string, data: OpenData, options: DocumentsOfOptions): AsyncGenerator<Document> {
  const { source, maxDocumentBytes, maxUnzippedBytes, columns, signal, ...records } = options;
  const { extension, compression } = endingOf(name);
  const shared = { ...records, source, allowEmpty: true };
  if (extension === PARQUET) {
    yield* readParquet(await data.ranges(), { ...shared, maxDocumentBytes, ...(columns ? { columns } : {}), ...(signal ? { signal } : {}) });
    return;
  }
  const bytes = data.stream();
  const plain = compression ? (compression === '.gz' ? gunzip : unzstd)(bytes, { maxBytes: maxUnzippedBytes, source }) : bytes;
  const delimiter = TABLES[extension];
  if (delimiter !== undefined) yield* readCsv(plain, { ...shared, delimiter, maxRecordBytes: maxDocumentBytes });
  else if (JSON_LINES.includes(extension)) yield* readJsonl(plain, { ...shared, maxLineBytes: maxDocumentBytes });
  else if (extension === JSON_ARRAY) yield* readJson(plain, { ...shared, maxRecordBytes: maxDocumentBytes });
  else yield* (MARKDOWN.includes(extension) ? readMarkdown : readText)(plain, { source, maxDocumentBytes });
}

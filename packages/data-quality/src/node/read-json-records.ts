import { stat } from 'node:fs/promises';
import { DataError } from '../data-error.ts';
import { gunzip } from '../gunzip.ts';
import { jsonElements } from '../json-elements.ts';
import { scanLines } from '../line-scanner.ts';
import { peekPastSpace } from '../peek.ts';
import { DEFAULT_MAX_LINE_BYTES } from '../read-lines.ts';
import { endingOf } from './documents-of.ts';
import { chunksOf, kindOf, openRegularFile } from './open-regular-file.ts';
import { unzstd } from './unzstd.ts';

export interface ReadJsonRecordsOptions {
  /** Default 16 MiB. */
  readonly maxRecordBytes?: number;
  /** Most bytes to get out of a `.gz` or `.zst`. Default 16 GiB. */
  readonly maxUnzippedBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

interface RecordPlace {
  /** 1-based number of the line on which it starts. */
  readonly line: number;
  /** Its number in an array, from 1; in JSON Lines that of its line. */
  readonly place: number;
}

/** A record with its value, or with what is wrong with it; `text` is how it stands in the file, where that can be decoded. */
export type JsonRecord = RecordPlace & ({ readonly text: string; readonly value: unknown; readonly error?: undefined } | { readonly text?: string; readonly error: DataError });

const OPEN = 0x5b;

async function* asArray(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(OPEN);
  yield* bytes;
  yield Uint8Array.of(OPEN + 2);
}

function recordOf(text: string, at: RecordPlace, file: string): JsonRecord {
  try {
    return { ...at, text, value: JSON.parse(text) as unknown };
  } catch (cause) {
    return { ...at, text, error: new DataError('E_JSON', { problem: `readJsonRecords: expected JSON but found ${JSON.stringify(text.trim().slice(0, 60))}`, remedy: 'Fix the record.', file, line: at.line, cause }) };
  }
}

async function* recordsOfLines(bytes: AsyncIterable<Uint8Array>, { file, maxRecordBytes }: { file: string; maxRecordBytes: number }): AsyncGenerator<JsonRecord> {
  for await (const { first, lines } of scanLines(bytes, { maxLineBytes: maxRecordBytes, replaceInvalid: false, source: file, caller: 'readJsonRecords' })) {
    for (const [i, text] of lines.entries()) {
      const at = { line: first + i, place: first + i };
      if (typeof text !== 'string') yield { ...at, error: text };
      else if (text.trim() !== '') yield recordOf(text, at, file);
    }
  }
}

async function* recordsOfArray(bytes: AsyncIterable<Uint8Array>, { file, maxRecordBytes }: { file: string; maxRecordBytes: number }): AsyncGenerator<JsonRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let place = 0;
  for await (const element of jsonElements(bytes, { maxRecordBytes, source: file, caller: 'readJsonRecords' })) {
    const at = { line: element.line!, place: ++place };
    if (element instanceof DataError) {
      yield { ...at, error: element };
      continue;
    }
    let text: string;
    try {
      text = decoder.decode(element.bytes).trim();
    } catch (cause) {
      yield { ...at, error: new DataError('E_ENCODING', { problem: 'readJsonRecords: expected UTF-8 but found bytes that are not', remedy: 'Convert the file to UTF-8.', file, line: at.line, cause }) };
      continue;
    }
    yield recordOf(text, at, file);
  }
}

/**
 * The records of a file, one at a time: of JSON Lines a line each, of a `.json` file the elements of its array, or the one object that it
 * holds; also in gzip, and in zstd where Node has it. Lines of white space are passed over. What is wrong with one record stands in its
 * place, for the caller to throw or to count. Memory is one chunk plus one record.
 *
 * Throws DataError: E_NOT_FOUND, E_NOT_A_FILE for folders, pipes, devices and sockets, E_UNREADABLE, E_JSON for an array that is damaged
 * itself, E_ENCODING for what is no UTF-8 text at all, and what `gunzip` and `unzstd` throw. As the error of a record: E_JSON, E_ENCODING,
 * E_LINE_TOO_LONG.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm, writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { readJsonRecords } from '@llm/data-quality/node';
 * const folder = await mkdtemp(join(tmpdir(), 'records-'));
 * await writeFile(join(folder, 'a.jsonl'), '{"a":1}\n\n{"a":\n');
 * const found: (number | string)[] = [];
 * for await (const { line, error } of readJsonRecords(join(folder, 'a.jsonl'))) found.push(line, error?.code ?? 'fine');
 * console.assert(found.join() === '1,fine,3,E_JSON');
 * await rm(folder, { recursive: true });
 * ```
 */
export async function* readJsonRecords(file: string, { maxRecordBytes = DEFAULT_MAX_LINE_BYTES, maxUnzippedBytes = 16 * 1024 ** 3, signal }: ReadJsonRecordsOptions = {}): AsyncGenerator<JsonRecord> {
  const stats = await stat(file).catch((error: unknown): undefined => {
    if ((error as { code?: unknown }).code === 'ENOENT') throw new DataError('E_NOT_FOUND', { problem: 'readJsonRecords: expected a file of records but found nothing', remedy: 'Check the path.', file, cause: error });
  });
  if (stats?.isFile() === false) throw new DataError('E_NOT_A_FILE', { problem: `readJsonRecords: expected a regular file but found ${kindOf(stats)}`, remedy: stats.isDirectory() ? 'Name a file in it.' : 'Copy the records into a regular file and name that.', file });
  const chunks = chunksOf(await openRegularFile(file, { followSymlinks: true, maxFileBytes: Infinity }), { file, signal });
  const { extension, compression } = endingOf(file);
  const plain = compression ? (compression === '.gz' ? gunzip : unzstd)(chunks, { maxBytes: maxUnzippedBytes, source: file }) : chunks;
  const about = { file, maxRecordBytes };
  if (extension !== '.json') {
    yield* recordsOfLines(plain, about);
    return;
  }
  const { begins, bytes } = await peekPastSpace(plain);
  // JSON Lines under the name of JSON has its first object on its first line; that of one object alone, written over many, breaks off.
  const isObject = /^\{(?:.*[{[,:])?\s*\n$/.test(new TextDecoder().decode(begins));
  yield* begins[0] === OPEN ? recordsOfArray(bytes, about) : isObject ? recordsOfArray(asArray(bytes), about) : recordsOfLines(bytes, about);
}

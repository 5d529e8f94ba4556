import { badRecords, type BadRecordOptions } from './bad-records.ts';
import { DataError } from './data-error.ts';
import { scanLines } from './line-scanner.ts';
import { DEFAULT_MAX_LINE_BYTES } from './read-lines.ts';
import type { Document } from './types.ts';

export interface ReadJsonlOptions extends BadRecordOptions {
  /** The field that holds the text. Default `text`. */
  readonly textField?: string;
  /** The field that holds the id, a string or a number. Default `id`, and where a line has none, `<source>:<line>`. */
  readonly idField?: string;
  /** Default 16 MiB. */
  readonly maxLineBytes?: number;
  /** File name, for ids, for `source` and for messages. */
  readonly source?: string;
  /** Yield nothing, instead of throwing E_EMPTY, where there is no line with anything in it. */
  readonly allowEmpty?: boolean;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function fieldNames(record: object): string {
  const names = Object.keys(record);
  return names.length === 0 ? 'no fields' : `fields ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}

/**
 * Documents of a JSON Lines stream: one object per line, the text in `textField`, the other fields in `meta`.
 *
 * Lines of white space are passed over. Throws DataError with file and line: E_JSONL for a line that is not an object with
 * a string in `textField`, E_LINE_TOO_LONG, E_ENCODING, E_EMPTY. The first three count against `skipBad` (UTF-16 and
 * compressed data never do). Memory is one chunk plus one line.
 *
 * @example
 * ```ts
 * import { readJsonl } from '@llm/data-quality';
 * const stream = new Blob(['{"text":"hello","lang":"en"}\n']).stream();
 * for await (const document of readJsonl(stream, { source: 'a.jsonl' })) console.assert(document.id === 'a.jsonl:1' && document.meta?.lang === 'en');
 * ```
 */
export async function* readJsonl(stream: AsyncIterable<Uint8Array>, options: ReadJsonlOptions = {}): AsyncGenerator<Document> {
  const { textField = 'text', idField = 'id', maxLineBytes = DEFAULT_MAX_LINE_BYTES, source, allowEmpty = false } = options;
  const passOver = badRecords('readJsonl', options);
  let empty = true;

  const parse = (text: string, line: number, unterminated: boolean): Document | DataError => {
    const fail = (found: string, remedy: string, cause?: unknown): DataError =>
      new DataError('E_JSONL', { problem: `readJsonl: expected a JSON object with a string in "${textField}" but found ${found}`, remedy, file: source, line, cause });
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch (cause) {
      return unterminated
        ? fail('a last line that breaks off', 'The file seems truncated: fetch it again, or set skipBad to pass over such lines.', cause)
        : fail('text that is not JSON', 'Fix the line, or set skipBad to pass over such lines.', cause);
    }
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return fail(describe(record), 'Write one object per line.');
    const { [textField]: value, ...rest } = record as Record<string, unknown>;
    if (typeof value !== 'string') {
      const found = Object.hasOwn(record, textField) ? `${describe(value)} there` : fieldNames(record);
      return fail(found, 'Name the field that holds the text with textField, or set skipBad to pass over such lines.');
    }
    const own = Object.hasOwn(rest, idField) ? rest[idField] : undefined;
    const hasId = typeof own === 'string' || typeof own === 'number';
    if (hasId) delete rest[idField];
    const id = hasId ? String(own) : `${source ?? 'jsonl'}:${line}`;
    const meta = Object.keys(rest).length > 0 ? { meta: rest } : {};
    return { id, text: value, ...(source === undefined ? {} : { source }), ...meta };
  };

  for await (const { first, lines, unterminated } of scanLines(stream, { maxLineBytes, replaceInvalid: false, source, caller: 'readJsonl' })) {
    for (const [i, line] of lines.entries()) {
      if (typeof line === 'string' && line.trim() === '') continue;
      empty = false;
      const result = typeof line === 'string' ? parse(line, first + i, unterminated) : line;
      if (result instanceof DataError) passOver(result);
      else yield result;
    }
  }
  if (empty && !allowEmpty) {
    throw new DataError('E_EMPTY', { problem: 'readJsonl: expected at least one line but found none', remedy: 'Check that the file was written completely.', file: source });
  }
}

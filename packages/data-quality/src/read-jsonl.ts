import { badRecords, type BadRecordOptions } from './bad-records.ts';
import { DataError } from './data-error.ts';
import { jsonDocument, jsonFault } from './json-record.ts';
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
    const about = { code: 'E_JSONL', caller: 'readJsonl', textField, idField, source, line, ownId: `${source ?? 'jsonl'}:${line}` } as const;
    try {
      return jsonDocument(JSON.parse(text), about);
    } catch (cause) {
      return unterminated
        ? jsonFault('a last line that breaks off', 'The file seems truncated: fetch it again, or set skipBad to pass over such lines.', { ...about, cause })
        : jsonFault('text that is not JSON', 'Fix the line, or set skipBad to pass over such lines.', { ...about, cause });
    }
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

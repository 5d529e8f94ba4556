import { badRecords, type BadRecordOptions } from './bad-records.ts';
import { DataError } from './data-error.ts';
import { jsonElements } from './json-elements.ts';
import { jsonDocument, jsonFault } from './json-record.ts';
import { peekPastSpace } from './peek.ts';
import { readJsonl } from './read-jsonl.ts';
import { DEFAULT_MAX_LINE_BYTES } from './read-lines.ts';
import type { Document } from './types.ts';

export interface ReadJsonOptions extends BadRecordOptions {
  /** The field that holds the text. Default `text`. */
  readonly textField?: string;
  /** The field that holds the id, a string or a number. Default `id`, and where a record has none, `<source>:<number of the record>`. */
  readonly idField?: string;
  /** Default 16 MiB. */
  readonly maxRecordBytes?: number;
  /** File name, for ids, for `source` and for messages. */
  readonly source?: string;
  /** Yield nothing, instead of throwing E_EMPTY, where there is no record. */
  readonly allowEmpty?: boolean;
}

const BRACKET = 0x5b;
const BRACE = 0x7b;

/**
 * Documents of a JSON file: an array of objects, one document each, the text in `textField`, the other fields in `meta`. A
 * stream that starts with an object is read as JSON Lines. The array is never held whole: memory is one chunk plus one record.
 *
 * Throws DataError with file and line: E_JSON for a record that is not an object with a string in `textField` and for a
 * record longer than `maxRecordBytes` E_LINE_TOO_LONG, E_ENCODING, all of which count against `skipBad`; always E_JSON for what
 * is no array or breaks off, E_EMPTY.
 *
 * @example
 * ```ts
 * import { readJson } from '@llm/data-quality';
 * const stream = new Blob(['[{"instruction":"Greet.","output":"Hello."}]']).stream();
 * for await (const { id, text } of readJson(stream, { textField: 'output', source: 'a.json' })) console.assert(id === 'a.json:1' && text === 'Hello.');
 * ```
 */
export async function* readJson(stream: AsyncIterable<Uint8Array>, options: ReadJsonOptions = {}): AsyncGenerator<Document> {
  const { textField = 'text', idField = 'id', maxRecordBytes = DEFAULT_MAX_LINE_BYTES, source, allowEmpty = false } = options;
  const passOver = badRecords('readJson', options);
  const { begins: [first], bytes, close } = await peekPastSpace(stream);
  if (first === BRACE) {
    yield* readJsonl(bytes, { ...options, maxLineBytes: maxRecordBytes });
    return;
  }
  if (first !== undefined && first !== BRACKET) {
    await close();
    throw new DataError('E_JSON', { problem: `readJson: expected an array of objects or JSON Lines but found byte 0x${first.toString(16).padStart(2, '0')} at the start`, remedy: 'Check that the file is JSON in UTF-8, uncompressed.', file: source, line: 1 });
  }
  let records = 0;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const element of first === undefined ? [] : jsonElements(bytes, { maxRecordBytes, source, caller: 'readJson' })) {
    records++;
    if (element instanceof DataError) {
      passOver(element);
      continue;
    }
    const { line } = element;
    const about = { code: 'E_JSON', caller: 'readJson', textField, idField, source, line, ownId: `${source ?? 'json'}:${records}` } as const;
    let text: string;
    try {
      text = decoder.decode(element.bytes);
    } catch (cause) {
      passOver(new DataError('E_ENCODING', { problem: 'readJson: expected UTF-8 but found bytes that are not', remedy: 'Convert the file to UTF-8.', file: source, line, cause }));
      continue;
    }
    let result: Document | DataError;
    try {
      result = jsonDocument(JSON.parse(text), about);
    } catch (cause) {
      result = jsonFault('text that is not JSON', 'Fix the record, or set skipBad to pass over such records.', { ...about, cause });
    }
    if (result instanceof DataError) passOver(result);
    else yield result;
  }
  if (records === 0 && !allowEmpty) throw new DataError('E_EMPTY', { problem: 'readJson: expected at least one record but found none', remedy: 'Check that the file was written completely.', file: source });
}

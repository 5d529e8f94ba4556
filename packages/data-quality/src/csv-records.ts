import { DataError } from './data-error.ts';
import { scanLines } from './line-scanner.ts';

export interface CsvRecord {
  /** 1-based number of the line on which it starts. */
  readonly line: number;
  readonly fields: readonly string[];
}

export interface CsvRecordsOptions {
  readonly delimiter: string;
  readonly maxRecordBytes: number;
  readonly source: string | undefined;
}

/**
 * Records of a CSV stream; a bad one stands as its error so that the caller may count it and go on. After a fault the next
 * record starts on the next line, unless the fault is inside quotes, which must be closed first.
 */
export async function* csvRecords(stream: AsyncIterable<Uint8Array>, { delimiter, maxRecordBytes, source }: CsvRecordsOptions): AsyncGenerator<CsvRecord | DataError> {
  let line = 0;
  let fields: string[] = [];
  let quoted: string[] | undefined;
  let fault: DataError | undefined;
  let units = 0;

  const fail = (found: string, remedy: string): DataError => new DataError('E_CSV', { problem: `readCsv: expected a record of RFC 4180 but found ${found}`, remedy, file: source, line });

  /** Takes one line in; true when the record ends with it. */
  const take = (text: string): boolean => {
    let at = 0;
    for (;;) {
      if (quoted) {
        const end = text.indexOf('"', at);
        // A record that is too long is no longer kept, only followed to its end.
        if (!fault) quoted.push(text.slice(at, end < 0 ? undefined : end));
        if (end < 0) return false;
        at = end + 1;
        if (text[at] === '"') {
          if (!fault) quoted.push('"');
          at++;
          continue;
        }
        fields.push(quoted.join(''));
        quoted = undefined;
        if (at < text.length && text[at] !== delimiter) {
          fault ??= fail('text after a closing quote', 'Double the quotes inside a field, or set skipBad to pass over such records.');
          return true;
        }
      } else if (text[at] === '"') {
        quoted = [];
        at++;
        continue;
      } else {
        const found = text.indexOf(delimiter, at);
        const field = text.slice(at, found < 0 ? undefined : found);
        if (field.includes('"')) {
          fault ??= fail('a quote inside a field that does not start with one', 'Put the field in quotes and double those inside, or set skipBad to pass over such records.');
          return true;
        }
        fields.push(field);
        at += field.length;
      }
      if (at >= text.length) return true;
      at++;
    }
  };

  for await (const { first, lines } of scanLines(stream, { maxLineBytes: maxRecordBytes, replaceInvalid: false, source, caller: 'readCsv' })) {
    for (const [i, text] of lines.entries()) {
      if (!quoted) {
        if (text === '') continue;
        line = first + i;
        fields = [];
        fault = undefined;
        units = 0;
      }
      let ended: boolean;
      if (typeof text !== 'string') {
        fault ??= text;
        ended = !quoted;
      } else {
        units += text.length + 1;
        if (units > maxRecordBytes + 1) {
          fault ??= new DataError('E_LINE_TOO_LONG', { problem: `readCsv: expected records of at most ${maxRecordBytes} bytes but found a longer one`, remedy: 'Look for a quote that is not closed, or raise maxRecordBytes.', file: source, line });
          quoted = quoted && [];
        }
        if (quoted && !fault) quoted.push('\n');
        ended = take(text);
      }
      if (ended) yield fault ?? { line, fields };
    }
  }
  if (quoted) yield fault ?? fail('its end inside quotes', 'Close the quote; the file may be truncated: fetch it again, or set skipBad to pass over such records.');
}
